"""Grading a folder of notebooks without a server, and without trusting a line of them.

**How grading protects you.** A submission is a program by somebody else. On Linux, bubblewrap shuts each one in:

- no network at all;
- a file system of nothing but the interpreter, its libraries, the course's code and data, all read-only, and empty
  folders of its own that vanish with it: other submissions, masters and solutions, tests, your home folder and your
  secret seed are not there to be read or deleted;
- a user without rights, none of your processes in sight, and limits of time, memory, processes, files and printed text;
  what does not come back is ended with all that it has started, and the notebook is run again without the culprit: the
  other exercises of that student still count, and nobody else notices.

The verdict does not come from in there. A second process, the judge, in which no student's code has ever run, draws the
inputs from your seed, asks the student's functions for what they return, and decides. Neither the seed nor a right
value ever enters the sandbox in which a student's code runs, so there is nothing to be found by whoever looks for it.
Patching the course's library, writing to every open file or printing "passed" earns nothing. Each student and each
exercise has inputs of its own: what one learns of them helps nobody.

**What it does not do.** A student may call the course's own function in place of writing one: read what you are in
doubt about. A flaw in the Linux kernel is not defended against, nor are side channels such as the time that a neighbour
takes.

**Where bubblewrap is not to be had** (macOS, some containers) the command refuses and says why, unless you say
`--without-isolation`. Then each submission still has processes of its own, limits of time, files and, on Linux, memory,
a throw-away folder and the separate judge; but it can read and delete what you can, use the network, and leave
processes behind. Use it for people whom you trust, or in a virtual machine.
"""
