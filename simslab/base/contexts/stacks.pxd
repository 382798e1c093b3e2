cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && PY_VERSION_HEX >= 0x030B0000 \
        && PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED) && !defined(__SANITIZE_ADDRESS__)
    #define SIMSLAB_STACKS 1
    #include <stdint.h>
    #include <stdlib.h>
    #include <sys/mman.h>

    #if PY_VERSION_HEX < 0x030C0000
    #define SIMSLAB_LIMIT(thread) (thread)->recursion_limit
    #define SIMSLAB_LEFT(thread) (thread)->recursion_remaining
    #define SIMSLAB_NESTING(thread) (thread)->trash_delete_nesting
    #else
    #define SIMSLAB_LIMIT(thread) (thread)->py_recursion_limit
    #define SIMSLAB_LEFT(thread) (thread)->py_recursion_remaining
    #define SIMSLAB_NESTING(thread) (thread)->trash.delete_nesting  /* 3.12's; 3.13 reads it from c_left */
    #endif

    typedef struct simslab_stack {
        void *sp;  /* where it was left; the registers that a call preserves lie there */
        PyThreadState *thread;
        /* What the interpreter keeps of the code that runs on a stack: Python/pystate.c, Python/ceval.c. */
    #if PY_VERSION_HEX < 0x030D0000
        _PyCFrame *cframe;
        _PyCFrame outermost;  /* of a stack of its own */
        int nesting;
    #else
        struct _PyInterpreterFrame *frame;
    #endif
    #if PY_VERSION_HEX >= 0x030C0000
        int c_left;  /* calls that C may still nest */
    #endif
        int depth;
        _PyStackChunk *chunk;
        PyObject **top;
        PyObject **limit;
        _PyErr_StackItem *handled;
        _PyErr_StackItem none_handled;  /* the outermost, of a stack of its own */
        PyObject *function;  /* the owner's; NULL for a stack that was there already */
        struct simslab_stack *parent;  /* where it goes when the function has returned */
        char *memory;
        int begun;
        int ended;
    } simslab_stack;

    enum { SIMSLAB_GUARD = 4096, SIMSLAB_ROOM = 4 << 20, SIMSLAB_COLOURS = 31, SIMSLAB_COLOUR = 8 * 64 };
    enum { SIMSLAB_C_DEPTH = 1500 };  /* 3.12's limit: SIMSLAB_ROOM may be too little for the 10,000 of 3.13 */

    /* simslab_swap(&left, target): call-preserved registers go onto this stack, then those of the other are taken. */
    extern void simslab_swap(void **left, void *target) __attribute__((visibility("hidden")));
    /* A new stack is gone to here, with its own in %rbx and `simslab_begin` in %r12. */
    extern void simslab_enter(void) __attribute__((visibility("hidden")));
    __asm__(
        ".pushsection .text\\n"
        ".p2align 4\\n"
        ".local simslab_swap\\n"
        ".type simslab_swap,@function\\n"
        "simslab_swap:\\n"
        "    pushq %rbp\\n    pushq %rbx\\n    pushq %r12\\n    pushq %r13\\n    pushq %r14\\n    pushq %r15\\n"
        "    movq %rsp, (%rdi)\\n"
        "    movq %rsi, %rsp\\n"
        "    popq %r15\\n    popq %r14\\n    popq %r13\\n    popq %r12\\n    popq %rbx\\n    popq %rbp\\n"
        "    ret\\n"
        ".size simslab_swap, .-simslab_swap\\n"
        ".local simslab_enter\\n"
        ".type simslab_enter,@function\\n"
        "simslab_enter:\\n"
        "    movq %rbx, %rdi\\n    jmp *%r12\\n"
        ".size simslab_enter, .-simslab_enter\\n"
        ".popsection\\n");

    static inline void simslab_switch_stack(simslab_stack *from, simslab_stack *to)
    {
        PyThreadState *thread = PyThreadState_Get();
    #if PY_VERSION_HEX < 0x030C0000
        to->cframe->use_tracing = thread->cframe->use_tracing;
    #else
        from->c_left = thread->c_recursion_remaining;
        thread->c_recursion_remaining = to->c_left;
    #endif
    #if PY_VERSION_HEX < 0x030D0000
        from->cframe = thread->cframe;
        thread->cframe = to->cframe;
        from->nesting = SIMSLAB_NESTING(thread);
        SIMSLAB_NESTING(thread) = to->nesting;
    #else
        from->frame = thread->current_frame;
        thread->current_frame = to->frame;
    #endif
        from->depth = SIMSLAB_LIMIT(thread) - SIMSLAB_LEFT(thread);
        SIMSLAB_LEFT(thread) = SIMSLAB_LIMIT(thread) - to->depth;
        from->chunk = thread->datastack_chunk;
        from->top = thread->datastack_top;
        from->limit = thread->datastack_limit;
        from->handled = thread->exc_info;
        thread->datastack_chunk = to->chunk;
        thread->datastack_top = to->top;
        thread->datastack_limit = to->limit;
        thread->exc_info = to->handled;
        simslab_swap(&from->sp, to->sp);
    }

    static inline void simslab_begin(simslab_stack *own)
    {
        PyObject *result = PyObject_CallNoArgs(own->function);
        Py_XDECREF(result);
        own->ended = 1;
        simslab_switch_stack(own, own->parent);  /* with the exception, if there is one: it is the thread's */
        abort();
    }

    static inline simslab_stack *simslab_new_stack(void)
    {
        simslab_stack *own = (simslab_stack *)calloc(1, sizeof *own);
        if (own == NULL)
            PyErr_NoMemory();
        else {
            own->thread = PyThreadState_Get();
    #if PY_VERSION_HEX < 0x030D0000
            own->cframe = &own->outermost;
    #endif
    #if PY_VERSION_HEX >= 0x030C0000
            own->c_left = SIMSLAB_C_DEPTH;
    #endif
            own->handled = &own->none_handled;
        }
        return own;
    }

    static inline long long simslab_stack_here(void)
    {
        simslab_stack *own = simslab_new_stack();
        return own == NULL ? -1 : (long long)(intptr_t)own;
    }

    static inline long long simslab_stack_for(PyObject *function)
    {
        static unsigned made;
        simslab_stack *own = simslab_new_stack();
        void **top;
        if (own == NULL)
            return -1;
        own->memory = (char *)mmap(NULL, SIMSLAB_ROOM, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (own->memory == MAP_FAILED || mprotect(own->memory, SIMSLAB_GUARD, PROT_NONE) != 0) {
            PyErr_NoMemory();
            if (own->memory != MAP_FAILED)
                munmap(own->memory, SIMSLAB_ROOM);
            free(own);
            return -1;
        }
    #if defined(MADV_NOHUGEPAGE)
        (void)madvise(own->memory, SIMSLAB_ROOM, MADV_NOHUGEPAGE);  /* a few pages of it will be used */
    #endif
        own->function = function;
        /* Stacks that begin at one place in their pages would share the sets of the host's caches. */
        top = (void **)(own->memory + SIMSLAB_ROOM - (made++ % SIMSLAB_COLOURS) * SIMSLAB_COLOUR);
        top -= 2;  /* a function begins with the stack 8 bytes off a multiple of 16 */
        top[0] = (void *)simslab_enter;
        top[-2] = own;  /* %rbx */
        top[-3] = (void *)simslab_begin;  /* %r12 */
        own->sp = top - 6;
        return (long long)(intptr_t)own;
    }

    static inline int simslab_stack_switch(long long left, long long target)
    {
        simslab_stack *from = (simslab_stack *)(intptr_t)left, *to = (simslab_stack *)(intptr_t)target;
        if (to->thread != PyThreadState_Get()) {
            PyErr_SetString(PyExc_RuntimeError, "a context was begun by another thread");
            return -1;
        }
        to->begun = 1;
        simslab_switch_stack(from, to);
        return PyErr_Occurred() == NULL ? 0 : -1;
    }

    static inline long long simslab_stack_ended(long long stack)
    {
        return ((simslab_stack *)(intptr_t)stack)->ended;
    }

    static inline void simslab_stack_ends_at(long long stack, long long parent)
    {
        ((simslab_stack *)(intptr_t)stack)->parent = (simslab_stack *)(intptr_t)parent;
    }

    static inline int simslab_stack_unwind(long long stack)
    {
        simslab_stack *own = (simslab_stack *)(intptr_t)stack, here = {0};
        if (!own->begun || own->ended || own->thread != PyThreadState_Get())
            return 0;
        own->parent = &here;
        simslab_switch_stack(&here, own);
        return PyErr_Occurred() == NULL ? 0 : -1;
    }

    static inline void simslab_stack_free(long long stack)
    {
        simslab_stack *own = (simslab_stack *)(intptr_t)stack;
        PyObjectArenaAllocator arena;
        if (own == NULL || (own->begun && !own->ended))  /* what lives on it is lost, but not touched */
            return;
        PyObject_GetArenaAllocator(&arena);
        while (own->memory != NULL && own->chunk != NULL) {
            _PyStackChunk *before = own->chunk->previous;
            arena.free(arena.ctx, own->chunk, own->chunk->size);
            own->chunk = before;
        }
        if (own->memory != NULL)
            munmap(own->memory, SIMSLAB_ROOM);
        free(own);
    }
    #else
    #define SIMSLAB_STACKS 0
    static inline long long simslab_stack_here(void) { return 0; }
    static inline long long simslab_stack_for(PyObject *function) { (void)function; return 0; }
    static inline int simslab_stack_switch(long long left, long long target) { (void)left; (void)target; return 0; }
    static inline long long simslab_stack_ended(long long stack) { (void)stack; return 0; }
    static inline void simslab_stack_ends_at(long long stack, long long parent) { (void)stack; (void)parent; }
    static inline int simslab_stack_unwind(long long stack) { (void)stack; return 0; }
    static inline void simslab_stack_free(long long stack) { (void)stack; }
    #endif
    """
    long long here "simslab_stack_here"() except -1
    long long made_for "simslab_stack_for"(object function) except -1
    int switch "simslab_stack_switch"(long long left, long long target) except -1
    long long ended "simslab_stack_ended"(long long stack) noexcept
    void ends_at "simslab_stack_ends_at"(long long stack, long long parent) noexcept
    int unwind "simslab_stack_unwind"(long long stack) except -1
    void free "simslab_stack_free"(long long stack) noexcept
