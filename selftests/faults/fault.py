# SPDX-License-Identifier: GPL-2.0
"""The kernel's fault injection, told to fail the n-th allocation with the module
on its stack, and to say which ones it was."""
import os
import re
import subprocess

DEBUG = "/sys/kernel/debug"
TRACING = "/sys/kernel/tracing"
EVENTS = ("kmalloc", "kmem_cache_alloc")
# What a module calls for memory, by the end of the symbol's name.
ALLOCATORS = re.compile(
    r"^(__kmalloc\w*|kmalloc_\w*noprof|kmem_cache_alloc\w*|__kvmalloc\w*|kvmalloc\w*|kmemdup\w*|"
    r"kstrdup\w*|kstrndup\w*|kasprintf|kvasprintf|__alloc_skb|sock_create_kern|"
    r"kernel_accept|genlmsg\w*new\w*|memdup_user\w*|vmemdup_user\w*|rhashtable_init\w*|"
    r"tcp_sendmsg_locked)$")


def put(path, value):
    with open(path, "w") as f:
        f.write(str(value))


class Fault:
    """attr->count counts what could have failed, from boot on, and what makes the
    count a multiple of the interval fails. So an interval of COUNT + N fails the
    N-th from now. The count is known after each failure, as long as nothing is
    counted where the interval is 1."""

    def __init__(self, kind):
        self.dir = f"{DEBUG}/{kind}"
        if not os.path.isdir(self.dir):
            raise SystemExit("no fault injection in this kernel")
        with open("/proc/modules") as f:
            words = next(line.split() for line in f if line.startswith("mqttk "))
        start = int(words[5], 16)
        self.set("times", 0)
        self.set("verbose", 0)
        self.set("probability", 100)
        self.set("space", 0)
        self.set("stacktrace-depth", 32)
        self.set("require-start", hex(start))
        self.set("require-end", hex(start + int(words[1])))
        self.set("ignore-gfp-wait", "N")
        if kind == "fail_page_alloc":
            self.set("ignore-gfp-highmem", "N")
            self.set("min-order", 0)
        # It is 0 when the machine starts.
        self.count, self.aim = 0, None
        self.arm(2)
        self.disarm()

    def set(self, name, value):
        put(f"{self.dir}/{name}", value)

    def arm(self, n):
        """0: nothing fails, and nothing is counted."""
        if n:
            self.set("interval", self.count + n)
            self.aim = self.count + n
            self.set("times", 1)
        else:
            self.aim = None

    def fired(self):
        if self.aim is None:
            return False
        with open(f"{self.dir}/times") as f:
            return int(f.read()) == 0

    def disarm(self):
        """After one that did not come the count is anywhere below the aim."""
        if self.aim is not None and self.fired():
            self.count = self.aim
        elif self.aim is not None:
            self.settle()
        self.set("times", 0)
        self.aim = None

    def settle(self):
        """Have it come: harmless requests until it has."""
        for _ in range(20000):
            if self.fired():
                break
            try:
                with open("/dev/mqtt", "wb", buffering=0) as f:
                    f.write(b"settle %s\n" % (b"x" * 32000))
            except OSError:
                pass
        else:
            raise SystemExit("the count cannot be had")
        self.count = self.aim


class Sites:
    """Which calls of the module were failed: an allocation that has failed is
    traced like any other, with a null pointer, and its stack."""

    def __init__(self):
        self.chains = {}
        self.last = []
        if not os.path.isdir(f"{TRACING}/events"):
            subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=True)
        put(f"{TRACING}/trace_options", "sym-offset")
        for e in EVENTS:
            put(f"{TRACING}/events/kmem/{e}/trigger", "stacktrace if ptr == 0")

    def collect(self):
        """The chains of calls, innermost first, that failed since."""
        got, frames = [], None
        with open(f"{TRACING}/trace") as f:
            for line in f:
                if "<stack trace>" in line:
                    frames = []
                    got.append(frames)
                elif frames is not None and line.startswith(" =>") and "[mqttk]" in line:
                    frames.append(line.split()[1].split("/")[0])
        put(f"{TRACING}/trace", "")
        got = [tuple(frames) for frames in got if frames]
        for chain in got:
            self.chains[chain] = self.chains.get(chain, 0) + 1
        return got

    def report(self, module, full):
        failed = {chain[0] for chain in self.chains}
        print(f"# {len(self.chains)} different chains of calls, from {len(failed)} places")
        all_ = calls(module)
        missed = {where: what for where, what in all_.items() if where not in failed}
        print(f"# {len(all_) - len(missed)} of {len(all_)} calls that ask for memory")
        if full:
            for where, what in sorted(missed.items()):
                print(f"# not failed: {what} in {where}")


def calls(module):
    """Each call of an allocator in the module, by the address it returns to. UML's
    modules call by an address in a register, which is put there before."""
    text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", module], check=True,
                          capture_output=True, text=True).stdout
    found, function, start, due, registers, loaded = {}, None, 0, None, {}, None
    for line in text.splitlines():
        head = re.match(r"([0-9a-f]+) <(.+)>:$", line)
        if head:
            function, start, due, registers = head[2], int(head[1], 16), None, {}
            continue
        reloc = re.match(r"\s+[0-9a-f]+: R_X86_64_(\w+)\s+([\w.]+)", line)
        if reloc:
            if reloc[1] == "64":
                registers[loaded] = reloc[2]
            continue
        at = re.match(r"\s+([0-9a-f]+):\t(\w+)\s*(.*)", line)
        if not at or not function:
            continue
        if due:
            found[f"{function}+{int(at[1], 16) - start:#x}"] = due
            due = None
        if at[2] == "movabs":
            loaded = at[3].split("%")[-1]
        elif at[2] == "call":
            due = registers.get(at[3].split("%")[-1].strip())
            due = due if due and ALLOCATORS.match(due) else None
    return found
