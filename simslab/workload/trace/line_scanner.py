"""One pass over the bytes of a recorded trace: each line of a kmem event becomes a row of integers.

A line is taken apart as far as speed needs it (task, CPU, context, time, event, pointer). What follows the pointer is
the event's *shape*: sizes, flags, node and cache name repeat from line to line, so each distinct text is handed once
to `new_shape`, which knows what it means, and is a number from then on.

Read here (`trace_lines` has the lines that are no events, and rewrites two rarer layouts):

    task-pid [cpu] flags seconds.fraction: kmalloc: call_site=... ptr=...       ftrace, `trace-cmd report`
    task-pid (tgid) [cpu] flags ticks: kmalloc: ...                             option record-tgid, a clock without time
    task-pid [cpu]-0x8 seconds.fraction: (+24) kmalloc: ...                     `trace-cmd report -R --ts-diff`
    task pid/tid [cpu] seconds.fraction: period kmem:kmalloc: (call+0x1) ...    `perf script`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from simslab.base import buffers
from simslab.workload.trace import bytescan, trace_events
from simslab.workload.trace.int_table import IntTable

MAX_LINE: Final = 16384  # bytes; the kernel prints an event into 8 KiB (struct trace_seq)
MAX_SECONDS: Final = 9_000_000_000  # nanoseconds fit into 64 bits
NANOSECONDS: Final = 1_000_000_000
KIND_BITS: Final = 2
KIND_MASK: Final = 3

BLANK: Final = 0x20
HASH: Final = 0x23
OPENING: Final = 0x28
CLOSING: Final = 0x29
DOT: Final = 0x2E
COLON: Final = 0x3A
OPENING_BRACKET: Final = 0x5B
CLOSING_BRACKET: Final = 0x5D
CAPITAL_H: Final = 0x48
CAPITAL_Z: Final = 0x5A
LETTER_H: Final = 0x68
LETTER_K: Final = 0x6B
LETTER_N: Final = 0x6E
LETTER_S: Final = 0x73
LETTER_X: Final = 0x78
LETTER_Z: Final = 0x7A
PLUS: Final = 0x2B
DASH: Final = 0x2D
DIGIT_0: Final = 0x30
FEWEST_FLAGS: Final = 4  # of a kernel; perf's field `misc` has fewer letters

# Flags of struct trace_entry, as a number in `trace-cmd report -R`.
HARDIRQ_FLAG: Final = 0x08
SOFTIRQ_FLAG: Final = 0x10
NMI_FLAG: Final = 0x40

ALLOC_WORD: Final = b"kmem_cache_alloc:"
FREE_WORD: Final = b"kmem_cache_free:"
KMALLOC_WORD: Final = b"kmalloc:"
KFREE_WORD: Final = b"kfree:"
ALLOC_NODE_WORD: Final = b"kmem_cache_alloc_node:"
KMALLOC_NODE_WORD: Final = b"kmalloc_node:"
SYSTEM_WORD: Final = b"kmem:"
FAILED_WORD: Final = b"[FAILED TO PARSE]"
SITE_WORD: Final = b"call_site="
PTR_WORD: Final = b" ptr="


class LineScanner:
    """Rows of at most `capacity` events.

    `new_shape(kind, text)` returns a shape's number, -1 if it means nothing.
    """

    def __init__(self, new_shape: Callable[[int, bytes], int], capacity: int) -> None:
        self.new_shape = new_shape
        self.capacity = capacity
        self.rows = 0
        self.time_owner: Any = buffers.int64_zeros(capacity)
        self.time = buffers.int64_pointer(self.time_owner)
        self.cpu_owner: Any = buffers.int64_zeros(capacity)
        self.cpu = buffers.int64_pointer(self.cpu_owner)
        self.task_owner: Any = buffers.int64_zeros(capacity)
        self.task = buffers.int64_pointer(self.task_owner)
        self.context_owner: Any = buffers.int64_zeros(capacity)
        self.context = buffers.int64_pointer(self.context_owner)
        self.ptr_owner: Any = buffers.int64_zeros(capacity)
        self.ptr = buffers.int64_pointer(self.ptr_owner)
        self.shape_owner: Any = buffers.int64_zeros(capacity)
        self.shape = buffers.int64_pointer(self.shape_owner)
        self.words_owner = (
            ALLOC_WORD, FREE_WORD, KMALLOC_WORD, KFREE_WORD, ALLOC_NODE_WORD, KMALLOC_NODE_WORD, SYSTEM_WORD,
            FAILED_WORD, SITE_WORD, PTR_WORD,
        )  # fmt: skip
        self.alloc_word = bytescan.text_pointer(ALLOC_WORD)
        self.free_word = bytescan.text_pointer(FREE_WORD)
        self.kmalloc_word = bytescan.text_pointer(KMALLOC_WORD)
        self.kfree_word = bytescan.text_pointer(KFREE_WORD)
        self.alloc_node_word = bytescan.text_pointer(ALLOC_NODE_WORD)
        self.kmalloc_node_word = bytescan.text_pointer(KMALLOC_NODE_WORD)
        self.system_word = bytescan.text_pointer(SYSTEM_WORD)
        self.failed_word = bytescan.text_pointer(FAILED_WORD)
        self.site_word = bytescan.text_pointer(SITE_WORD)
        self.ptr_word = bytescan.text_pointer(PTR_WORD)
        self.tasks = IntTable()
        self.shape_texts: list[bytes] = []
        self.shape_numbers: list[int] = []
        self.shape_table = IntTable()
        self.ptr_digits = 0  # of the last pointer
        self.shortest_ptr = 64  # digits
        self.counted = 0  # whether the last time read is no time but a count
        self.ticks = 0  # events with such a time
        self.lines = 0
        self.begin(b"", 0, 0)

    def begin(self, text: bytes, at: int, end: int) -> None:
        """Read `text` from offset `at` to `end` from now on."""
        self.text_owner = text
        self.text = bytescan.text_pointer(text)
        self.at = at
        self.size = end
        self.line = self.line_end = 0

    def read(self) -> int:
        """Read lines until one is no event (what it is, is returned: `line_text`), rows run out or the text ends."""
        while self.at < self.size:
            if self.rows == self.capacity:
                return trace_events.FULL
            end = bytescan.find(self.text, trace_events.NEWLINE, self.at, self.size)
            if end < 0:
                end = self.size
            self.line = self.at
            self.at = end + 1
            self.lines += 1
            self.line_end = bytescan.blanks_before(self.text, self.line, end)
            if self.line == self.line_end:
                continue
            if self.text[self.line] == HASH:
                return trace_events.COMMENT
            state = trace_events.NO_HEAD if self.line_end - self.line > MAX_LINE else self.event()
            if state != trace_events.EVENT:
                return state
        return trace_events.END

    def line_text(self) -> bytes:
        """Return the line at which `read` stopped."""
        return self.text_owner[self.line : self.line_end]

    def event(self) -> int:
        """Read one line; tasks may have brackets in their names, so the first that fits as a CPU is taken."""
        bracket = bytescan.find(self.text, OPENING_BRACKET, self.line, self.line_end)
        while bracket >= 0:
            after = self.head(bracket)
            if after >= 0:
                return self.body(after)
            bracket = bytescan.find(self.text, OPENING_BRACKET, bracket + 1, self.line_end)
        return trace_events.NO_HEAD

    def head(self, bracket: int) -> int:
        """Read task, CPU, context and time around the CPU's bracket; return where the event begins, -1 if no head."""
        text, end = self.text, self.line_end
        after = bytescan.digits(text, bracket + 1, end)
        if after == bracket + 1 or after - bracket > 7 or after >= end or text[after] != CLOSING_BRACKET:
            return -1
        task = self.task_before(bracket)
        if task < 0:
            return -1
        row = self.rows
        self.cpu[row] = bytescan.decimal(text, bracket + 1, after)
        self.task[row] = task
        self.context[row] = trace_events.TASK_CONTEXT
        begin = bytescan.blanks(text, after + 1, end)
        at = self.clock(begin)
        if at < 0:
            flags_end = bytescan.find(text, BLANK, begin, end)
            if flags_end < 0 or flags_end - begin > 9:
                return -1
            at = self.clock(bytescan.blanks(text, flags_end, end))
            if flags_end - begin >= FEWEST_FLAGS:
                self.context[row] = self.context_of(begin, flags_end)
        return at

    def task_before(self, bracket: int) -> int:
        """Return the thread id that ends before the CPU's bracket, -1 if there is none."""
        text = self.text
        at = bytescan.blanks_before(text, self.line, bracket)
        if at > self.line and text[at - 1] == CLOSING:
            while at > self.line and text[at - 1] != OPENING:
                at -= 1
            at = bytescan.blanks_before(text, self.line, at - 1) if at > self.line else at
        begin = bytescan.digits_before(text, self.line, at)
        if begin == at or at - begin > 10:
            return -1
        return bytescan.decimal(text, begin, at)

    def context_of(self, begin: int, end: int) -> int:
        """Return the context that the flags tell: H is a hard interrupt within a softirq, z and Z are NMIs.

        Its column is the third or, with PREEMPT_RT's need-resched-lazy, the fourth. No other column has its letters.
        """
        text = self.text
        if text[begin] == DASH:
            return self.context_of_number(begin + 3, end)
        for at in range(begin + 2, end):
            flag = text[at]
            if flag == LETTER_S:
                return trace_events.SOFTIRQ_CONTEXT
            if flag in (LETTER_H, CAPITAL_H, LETTER_Z, CAPITAL_Z):
                return trace_events.HARDIRQ_CONTEXT
        return trace_events.TASK_CONTEXT

    def context_of_number(self, begin: int, end: int) -> int:
        """Return the context of the flags in hexadecimal (after `-0x`) that `trace-cmd report -R` prints."""
        flags = bytescan.hexadecimal(self.text, begin, bytescan.hexdigits(self.text, begin, end))
        if flags & (HARDIRQ_FLAG | NMI_FLAG):
            return trace_events.HARDIRQ_CONTEXT
        return trace_events.SOFTIRQ_CONTEXT if flags & SOFTIRQ_FLAG else trace_events.TASK_CONTEXT

    def clock(self, begin: int) -> int:
        """Read seconds.fraction or a count before a colon; return what follows it, -1 if there is no time."""
        text, end = self.text, self.line_end
        after = bytescan.digits(text, begin, end)
        if after == begin or after - begin > 18 or after >= end:
            return -1
        whole = bytescan.decimal(text, begin, after)
        self.counted = 0
        if text[after] == COLON:
            self.counted = 1
            self.time[self.rows] = whole
            return after + 1
        fraction_end = bytescan.digits(text, after + 1, end)
        if text[after] != DOT or fraction_end == after + 1 or fraction_end >= end or text[fraction_end] != COLON:
            return -1
        if whole >= MAX_SECONDS:
            return -1
        kept = min(fraction_end, after + 10)
        fraction = bytescan.decimal(text, after + 1, kept)
        for _ in range(after + 10 - kept):
            fraction *= 10
        self.time[self.rows] = whole * NANOSECONDS + fraction
        return fraction_end + 1

    def body(self, after: int) -> int:
        """Read the event's name and, if it is a kmem event, its fields."""
        text, end = self.text, self.line_end
        at = bytescan.blanks(text, after, end)
        if end - at > 1 and text[at] == OPENING and text[at + 1] == PLUS:  # since the event before, by --ts-diff
            closing = bytescan.find(text, CLOSING, at, end)
            at = bytescan.blanks(text, closing + 1, end) if closing >= 0 else end
        digits_end = bytescan.digits(text, at, end)
        if digits_end > at and digits_end < end and text[digits_end] == BLANK:  # perf's period
            at = bytescan.blanks(text, digits_end, end)
        if bytescan.starts(text, self.system_word, 5, at, end):
            at += 5
        if at >= end or text[at] != LETTER_K:  # all six names begin with it
            return trace_events.NO_KMEM
        if bytescan.starts(text, self.kmalloc_word, 8, at, end):
            return self.fields(trace_events.KMALLOC, at + 8)
        if bytescan.starts(text, self.kfree_word, 6, at, end):
            return self.fields(trace_events.KFREE, at + 6)
        if bytescan.starts(text, self.alloc_word, 17, at, end):
            return self.fields(trace_events.CACHE_ALLOC, at + 17)
        if bytescan.starts(text, self.free_word, 16, at, end):
            return self.fields(trace_events.CACHE_FREE, at + 16)
        if bytescan.starts(text, self.alloc_node_word, 22, at, end):
            return self.fields(trace_events.CACHE_ALLOC, at + 22)
        if bytescan.starts(text, self.kmalloc_node_word, 13, at, end):
            return self.fields(trace_events.KMALLOC, at + 13)
        return trace_events.NO_KMEM

    def fields(self, kind: int, after: int) -> int:
        """Read `call_site=... ptr=...` and number the rest; then the row is complete."""
        text, end = self.text, self.line_end
        at = bytescan.blanks(text, after, end)
        if at < end and text[at] == OPENING:  # trace-cmd and perf name the call site's function before the fields
            at = bytescan.find(text, CLOSING, at, end)
            if at < 0:
                return trace_events.NO_FIELDS
            at = bytescan.blanks(text, at + 1, end)
        if bytescan.starts(text, self.failed_word, 17, at, end):  # the raw fields follow all the same
            at = bytescan.blanks(text, at + 17, end)
        if not bytescan.starts(text, self.site_word, 10, at, end):
            return trace_events.NO_FIELDS
        at = bytescan.find(text, BLANK, at, end)
        while at >= 0 and not bytescan.starts(text, self.ptr_word, 5, at, end):
            at = bytescan.find(text, BLANK, at + 1, end)
        if at < 0:
            return trace_events.NO_FIELDS
        at = self.pointer(bytescan.blanks(text, at + 5, end))
        if at < 0:
            return trace_events.NO_FIELDS
        shape = self.shape_of(kind, at)
        if shape < 0:
            return trace_events.NO_FIELDS
        row = self.rows
        self.shape[row] = shape
        self.task[row] = self.tasks.number(self.task[row])
        self.ticks += self.counted
        self.rows = row + 1
        return trace_events.EVENT

    def pointer(self, at: int) -> int:
        """Read a pointer as printed; return what follows it, -1 if it is none."""
        text, end = self.text, self.line_end
        if at < end and text[at] == OPENING:
            return self.unprinted_pointer(at)
        if end - at > 1 and text[at] == DIGIT_0 and text[at + 1] == LETTER_X:
            at += 2
            if at < end and text[at] == OPENING:  # 0x(nil), of perf and trace-cmd before libtraceevent 1.0
                return self.unprinted_pointer(at)
        after = bytescan.hexdigits(text, at, end)
        if after == at or after - at > 16 or (after < end and text[after] != BLANK):
            return -1
        self.ptr[self.rows] = bytescan.hexadecimal(text, at, after)
        self.ptr_digits = after - at
        if self.ptr_digits < self.shortest_ptr and self.ptr[self.rows] != 0:
            self.shortest_ptr = self.ptr_digits
        if end - after > 2 and text[after + 1] == OPENING:  # the option `fields` repeats it as a decimal number
            after = bytescan.find(text, CLOSING, after, end)
            return -1 if after < 0 else after + 1
        return after

    def unprinted_pointer(self, at: int) -> int:
        """Read what %p prints of no pointer: (null), (nil) of user space, (ptrval) and (____ptrval____)."""
        text, end = self.text, self.line_end
        after = bytescan.find(text, CLOSING, at, end) + 1
        if after == 0 or (after < end and text[after] != BLANK):
            return -1
        if text[at + 1] == LETTER_N:
            self.ptr[self.rows] = 0
            return after if after - at <= 6 else -1
        self.ptr[self.rows] = trace_events.UNKNOWN_PTR
        return after if after - at == 8 or after - at == 16 else -1

    def shape_of(self, kind: int, at: int) -> int:
        """Return the number of what follows the pointer, -1 if it means nothing."""
        text, end = self.text, self.line_end
        length = end - at
        key = bytescan.fingerprint(text, at, end) ^ kind
        index = self.shape_table.get(key)
        while index >= 0:
            known: bytes = self.shape_texts[index >> KIND_BITS]
            same = index & KIND_MASK == kind and len(known) == length
            if same and bytescan.starts(text, bytescan.text_pointer(known), length, at, end):
                return self.shape_numbers[index >> KIND_BITS]
            key += 1  # another text has the same fingerprint
            index = self.shape_table.get(key)
        known = self.text_owner[at:end]
        number: int = self.new_shape(kind, known)
        self.shape_table.put(key, (len(self.shape_texts) << KIND_BITS) | kind)
        self.shape_texts.append(known)
        self.shape_numbers.append(number)
        return number

    def task_names(self) -> tuple[str, ...]:
        """Return the thread ids by number."""
        return tuple(map(str, self.tasks.in_order().tolist()))
