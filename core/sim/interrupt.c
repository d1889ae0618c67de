#include "sim/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void take_note(int signal_number)
{
  (void)signal_number;
  came = 1;
}

void interrupt_watch(void)
{
  struct sigaction action = {.sa_handler = take_note};
  action.sa_flags = (int)SA_RESETHAND;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

int interrupt_came(void)
{
  return came;
}
