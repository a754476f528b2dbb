/** A faulty release: it blocks its event loop, so that no timer and no signal handler ever runs. */
for (;;);
