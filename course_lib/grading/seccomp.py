"""Calls of the kernel that a submission may not make, as the program that bubblewrap hands to the kernel (seccomp).

Refused is what no exercise needs and no other limit counts: memory without an owner (memfd, System V), new namespaces,
in which a student would be root of something, and corners of the kernel that have been a way out before.
"""

import platform
import struct

# name -> number on x86_64 and on aarch64; None where there is no such call
_REFUSED = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "memfd_secret": (447, 447),
}
# permitted about the process itself (first argument 0), and about no other: with them process 1 could be starved
_ITSELF = {"prlimit64": (302, 261), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274)}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_NAMESPACES = 0x7E020080  # the flags of clone that make one
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _NOT_PERMITTED, _NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


def program() -> bytes:
    """The filter, in the kernel's own instructions; empty, which permits all, on other processors than these two."""
    if platform.machine() not in _ARCHITECTURES:
        return _instruction(_ANSWER, 0, 0, _ALLOW)
    which, architecture = _ARCHITECTURES[platform.machine()]
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_ANSWER, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if which == 0:  # the x32 twins of the same calls
        lines += [(_AT_LEAST, 0, 1, 0x40000000), (_ANSWER, 0, 0, _KILL)]
    for numbers in _REFUSED.values():
        lines += [(_EQUAL, 0, 1, numbers[which]), (_ANSWER, 0, 0, _NOT_PERMITTED)]
    for numbers in _ITSELF.values():
        lines += [(_EQUAL, 0, 4, numbers[which]), (_LOAD, 0, 0, 16), (_EQUAL, 1, 0, 0)]
        lines += [(_ANSWER, 0, 0, _NOT_PERMITTED), (_ANSWER, 0, 0, _ALLOW)]
    # flags stand in the first argument of clone; those of clone3 in memory, so that the C library is sent to clone
    lines += [(_EQUAL, 0, 1, _CLONE3[which]), (_ANSWER, 0, 0, _NO_SUCH_CALL)]
    lines += [(_EQUAL, 0, 3, _CLONE[which]), (_LOAD, 0, 0, 16), (_ANY_BIT, 0, 1, _NEW_NAMESPACES)]
    lines += [(_ANSWER, 0, 0, _NOT_PERMITTED), (_ANSWER, 0, 0, _ALLOW)]
    return b"".join(_instruction(*line) for line in lines)


def _instruction(code: int, if_so: int, if_not: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
