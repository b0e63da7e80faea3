"""Grading a folder of notebooks without a server, and without trusting a line of them.

**How grading protects you.** A submission is a program by somebody else. On Linux each one runs in a process tree of
its own that has

- no network at all (a network namespace without a way out);
- a file system of nothing but the interpreter, its libraries, the course's code and data, all read-only, and empty
  folders of its own that vanish with it: other submissions, masters and solutions, tests, your home folder and your
  secret seed are not there to be read or deleted;
- a user without rights, no other process in sight, and limits of time, memory, processes, files and printed text; what
  does not come back is ended with all that it has started, and the notebook is run again without the culprit: the other
  exercises of that student still count, and nobody else notices.

The verdict does not come from that process. It only records what the student's functions answer; a second process, in
which no student's code has ever run, draws the same inputs from your seed, judges these answers and reports. Patching
the course's library, writing to every open file or printing "passed" earns nothing. Each student and each exercise has
inputs of its own, derived from your seed, so that what one learns of them helps nobody.

**What it does not do.** A student may call the course's own function in place of writing one, or look up the right
value in the check that calls the answer: read what you are in doubt about. A few exercises return objects that are no
data (a network); these are judged where they live, the CSV says so (`judged` = "with the student's code"), and a
determined student could forge them. A flaw in the Linux kernel is not defended against, nor are side channels such as
the time that a neighbour takes.

**Where there are no namespaces** (macOS, some containers) the command refuses, unless you say `--without-isolation`.
Then each submission still has processes of its own, limits of time, files and, on Linux, memory, a throw-away folder
and the separate verdict; but it can read and delete what you can, use the network, and leave processes behind. Use it
for people whom you trust, or in a virtual machine.
"""
