// A program that prints how many threads a pool would use, for waits at barriers on its standard input: test/30-kernels/86-busy.test.ts.
//
//   busy THREADS
//
// A line of input is a time in microseconds, `run` or `wait`, and for `wait` how long the threads waited at a barrier that ends then.
// For each `run` the number of threads is printed with which that run begins.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../busy.h"

int main(int argc, char** argv) {
  if (argc != 2) return 8;
  kernels::Losses losses;
  kernels::ActiveThreads threads((uint32_t)atoi(argv[1]));
  char kind[8];
  unsigned long now;
  uint32_t active = 0;
  while (scanf("%lu %7s", &now, kind) == 2) {
    if (strcmp(kind, "run") == 0) {
      active = threads.begin(now, losses);
      printf("%u\n", active);
      continue;
    }
    unsigned waited;
    if (scanf("%u", &waited) != 1) return 8;
    if (active == 1 || !losses.add(waited, now)) continue;
    active /= 2;
    losses.forget(false);
    threads.end(active, now, losses);
  }
}
