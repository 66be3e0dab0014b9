/*
 * tare-console-size: preloaded into a runtime that starts a session with a terminal, it gives the new terminal its size before anybody
 * can have it. crun tells its own end of the size only when the process may run already, and one that asks at once, as editors do,
 * would see none.
 *
 * TARE_CONSOLE_SIZE in the environment is "ROWS COLUMNS". Stands in for unlockpt(3), which comes before the other end can be opened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int unlockpt(int master) {
  struct winsize size = {0};
  const char *wanted = getenv("TARE_CONSOLE_SIZE");
  int locked = 0;
  if (wanted != NULL && sscanf(wanted, "%hu %hu", &size.ws_row, &size.ws_col) == 2) (void)ioctl(master, TIOCSWINSZ, &size);
  return ioctl(master, TIOCSPTLCK, &locked);
}
