/** A worse release: it starts, and blocks its own event loop, so that no timer and no signal handler of it ever runs. */
for (;;);
