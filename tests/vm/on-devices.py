# SPDX-License-Identifier: GPL-2.0
"""
In the VM: other people's tests of memory, run in RAM and again while all of their memory goes
to devices and home, by mover.c. What is well in RAM has to be well then:

	on-devices.py FOLDER SECONDS [PROGRAM...]

Upstream's selftests of mm, in FOLDER; what stress-ng has of the class "vm", SECONDS each; and
fio and others of stress-ng, which work on files of tmpfs. Prints TAP, a result for each
that a program tells; what they said is in FOLDER.
"""
import os, re, signal, subprocess, sys, time

import tap

LIMIT = 600	# seconds, of a program
# It writes the files of its other tests byte by byte, for minutes.
LIMITS = {"split_huge_page_test": 60}
HUGETLB = 64	# pages
FILES = "/dev/shm/files"
SELFTESTS = (
    "mlock2-tests", "soft-dirty", "madv_populate", "pagemap_ioctl", "ksm_functional_tests",
    "gup_longterm", "transhuge-stress -d 10 64", "uffd-stress anon 20 4", "uffd-stress shmem 20 4",
    "uffd-stress shmem-private 20 4", "khugepaged all:anon", "khugepaged all:shmem", "cow",
    "split_huge_page_test", "mremap_test", "migration",
)
# They look at a page in two ways, and end where these differ; or want it to be split at once.
STILL = "cow", "split_huge_page_test"
# What is read is what was written last.
FIO = ("fio --name=files --directory={files} --numjobs=2 --nrfiles=4 --size=16M --bs=4k-64k"
       " --verify=crc32c --verify_fatal=1 --verify_backlog=64 --time_based --runtime={seconds}"
       " --ioengine={engine} --rw=randrw --fallocate=none --group_reporting --output-format=terse")
# These punch, cut, grow, seek, map and sync.
FILE_STRESSORS = "fallocate", "fpunch", "hdd", "seek", "sync-file", "iomix", "copy-file"
# What is not the same where memory moves meanwhile: program, test, what it says then, and why
# that is no defect
EXPECTED = (
    ("ksm_functional_tests", ".*", "No pages got merged", "KSM merges what is in RAM"),
    ("khugepaged", ".*", "Fail", "what is on a device is not collapsed"),
    ("uffd-unit-tests", "minor-collapse on shmem", "MADV_COLLAPSE failed",
     "what is on a device is not collapsed"),
    ("soft-dirty", "Test test_hugepage huge page dirty bit|ends well", "huge page dirty bit",
     "each migration of a huge page makes it soft-dirty, remove_migration_pmd() says so"),
    ("split_huge_page_test", ".*", "No THP is allocated",
     "where a part of a huge page is there yet and moves, it is none"),
    ("cow", "ends well|, again .*", "io_uring_wait_cqe() failed", "see INTERRUPTED"),
    ("stress-ng physpage", "ends well", "cannot find mtrr entry",
     "it wants a type of RAM for the physical address of its page"),
)

# Who is stopped meanwhile is interrupted in io_uring_enter(), which the test takes for a failure
# of another name: there is one less of that which it would have been.
INTERRUPTED = {"cow": "io_uring_wait_cqe() failed"}
# How much of it came is in the name of the test.
COUNTED = r"(?<=Extra pages ).*"


def tap_lines(text):
    for line in text.splitlines():
        found = re.match(r"(not )?ok \d+ (?:- )?(.*)", line)
        if found:
            name, _, note = re.sub(COUNTED, "N", f" {found[2]}").partition(" # ")
            yield name.strip(), "not ok" if found[1] else "skip" if "SKIP" in note else "ok"


def uffd_lines(text):
    for name, said in re.findall(r"^Testing (.*)\.\.\. .*?(done|failed|skipped)", text, re.M):
        yield name, {"done": "ok", "failed": "not ok", "skipped": "skip"}[said]


def khugepaged_lines(text):
    """What failed is red."""
    for part in text.split("Run test: ")[1:]:
        yield part.splitlines()[0], "not ok" if "\33[31m" in part else "ok"


def ending(name, status):
    """stress-ng has a status for what the machine lacks as well"""
    if status == 0:
        return "ok"
    return "skip" if status == 4 or (status == 3 and name.startswith("stress-ng")) else "not ok"


def results(name, text, status):
    """{test: "ok", "not ok" or "skip"}, those that come again with a number"""
    found, seen = {}, {}
    for lines in tap_lines, uffd_lines, khugepaged_lines:
        for test, verdict in lines(text):
            seen[test] = seen.get(test, 0) + 1
            found[f"{test}, again {seen[test]}" if seen[test] > 1 else test] = verdict
    found["ends well"] = ending(name, status)
    return found


def run(name, command, *before):
    began, where = time.monotonic(), "devices" if before else "RAM"
    child = subprocess.Popen([*before, *command], stdin=subprocess.DEVNULL, text=True,
                             errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True)
    try:
        text, _ = child.communicate(timeout=LIMITS.get(name, LIMIT))
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        text, _ = child.communicate()
    with open(f"{folder}/{name.replace(' ', '_')}.{where}", "w") as f:
        f.write(text)
    print(f"# {name}, in {where}: {time.monotonic() - began:.0f} s, status {child.returncode}",
          flush=True)
    return results(name, text, child.returncode), text


def reason_for(name, what, text):
    for program, pattern, said, why in EXPECTED:
        if name.startswith(program) and re.fullmatch(pattern, what) and said in text:
            return why
    return None


def compare(name, what, ram, here, text):
    title = f"{name}: {what}"
    if ram != "ok":
        tap.skip(title, "not in RAM either")
    elif here == "ok":
        tap.result(True, title)
    elif here == "missing" and name in INTERRUPTED and INTERRUPTED[name] in text:
        tap.skip(title, "interrupted")
    elif reason_for(name, what, text):
        tap.skip(title, reason_for(name, what, text))
    else:
        tap.result(False, title, f"in RAM {ram}, with its memory on devices {here}")


def both(name, command, *options):
    if sys.argv[3:] and not any(part in name for part in sys.argv[3:]):
        return
    ram, _ = run(name, command)
    here, text = run(name, command, mover, *options)
    for what, verdict in ram.items():
        compare(name, what, verdict, here.get(what, "missing"), text)
    moved = re.search(r"# mover: .* to devices (\d+).*", text)
    print(moved and moved[0], flush=True)
    # What is over at once, and what has no memory of its own, has nothing to move.
    if ram["ends well"] == "ok":
        tap.result(moved and int(moved[1]), f"{name}: memory was on devices", text[-2000:])


def uffd_tests():
    """One by one: some of them wait for ever, where others of them would have to wait."""
    told = subprocess.run([f"{folder}/uffd-unit-tests", "-l"], capture_output=True, text=True)
    return [f"uffd-unit-tests -f {name}" for name in told.stdout.split()]


def stressors():
    told = subprocess.run(["stress-ng", "--class", "vm?"], capture_output=True, text=True)
    return (told.stdout + told.stderr).split("stressors:")[1].split()


with open("/proc/sys/vm/nr_hugepages", "w") as f:
    f.write(str(HUGETLB))
folder, seconds = sys.argv[1:3]
mover = os.path.join(os.path.dirname(os.path.abspath(folder)), "vm-tests/mover")
STRESS = ["stress-ng", "--temp-path", FILES, "--timeout", seconds, "--verify"]
os.chdir("/tmp")
os.makedirs(FILES)
if os.path.exists(f"{folder}/soft-dirty"):
    for test in (*SELFTESTS, *uffd_tests()):
        program, *args = test.split()
        # One of them maps where something may be, by chance.
        both(test, ["setarch", "-R", f"{folder}/{program}", *args], *["-s"] * (program in STILL))
else:
    tap.skip("selftests of mm", "not built: make kernel-tree")
for engine in "psync", "mmap", "io_uring", "splice":
    both(f"fio {engine}", FIO.format(files=FILES, seconds=seconds, engine=engine).split(), "-f")
for name in FILE_STRESSORS:
    both(f"stress-ng {name}", [*STRESS, f"--{name}", "1"], "-f")
for name in stressors():
    both(f"stress-ng {name}", [*STRESS, f"--{name}", "1"])
sys.exit(tap.finish())
