# SPDX-License-Identifier: GPL-2.0
"""What tests in the VM have in common: processes, cgroups, counters, a result for each."""
import os, re, time

from numa import read, write
import tap

WAIT = 60
CGROUPS = "/sys/fs/cgroup"
LRU_GEN = "/sys/kernel/debug/lru_gen"


class Skip(Exception):
    pass


def equal(wanted, got, what=""):
    if wanted != got:
        raise AssertionError(f"{what}: wanted {wanted}, got {got}")


def wait_for(done, what):
    until = time.monotonic() + WAIT
    while not done():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.05)


def needs(path, option):
    if not os.path.exists(path):
        raise Skip(f"no {path}: {option}")


def vmstat(name):
    return int(re.search(rf"^{name} (\d+)$", read("/proc/vmstat"), re.M)[1])


def child(work, oom_score_adj):
    pid = os.fork()
    if pid:
        return pid
    try:
        write("/proc/self/oom_score_adj", oom_score_adj)
        status = work() or 0
    except BaseException as e:
        print(f"# {e!r}", flush=True)
        status = 1
    os._exit(status)


class Cgroup:
    def __init__(self, name, **files):
        self.path = f"{CGROUPS}/{name}"
        os.mkdir(self.path)
        for file, value in files.items():
            self.set(file.replace("_", "."), value)

    def set(self, file, value):
        write(f"{self.path}/{file}", value)

    def enter(self):
        self.set("cgroup.procs", os.getpid())

    def remove(self):
        wait_for(lambda: "populated 0" in read(f"{self.path}/cgroup.events"), "an empty cgroup")
        os.rmdir(self.path)


def generations(path):
    """{(memcg, node): the newest generation} of a cgroup"""
    newest, ours = {}, False
    for line in read(LRU_GEN).splitlines():
        what, value, *rest = line.split()
        if what == "memcg":
            memcg, ours = value, rest == [path]
        elif not ours:
            continue
        elif what == "node":
            node = value
        else:
            newest[memcg, node] = int(what)
    return newest


def a_new_generation(path):
    """Walks over the page tables of all processes in a cgroup"""
    before = generations(path)
    for (memcg, node), newest in before.items():
        write(LRU_GEN, f"+ {memcg} {node} {newest} 1 1")
    after = generations(path)
    assert before and all(after[key] > before[key] for key in before), f"{before}, {after}"


def run(suite, test, after):
    """@after says what is wrong with what the test has left behind, or nothing."""
    name = f"{suite}.{test.__name__}"
    began = time.monotonic()
    try:
        test()
        said = after()
    except Skip as e:
        return tap.skip(name, e)
    except Exception as e:
        lines, at = [], e.__traceback__.tb_next
        while at:
            lines.append(str(at.tb_lineno))
            at = at.tb_next
        said = f"{e!r} at line {', '.join(lines)}"
    tap.result(not said, name, said)
    print(f"# {time.monotonic() - began:.1f} s", flush=True)
