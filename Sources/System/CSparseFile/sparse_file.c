#define _GNU_SOURCE

#include "sparse_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

int sparse_file_punch(int descriptor, int64_t offset, int64_t length) {
  while (fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int64_t sparse_file_next_data(int descriptor, int64_t offset) {
  int64_t found = lseek(descriptor, offset, SEEK_DATA);
  return found < 0 ? -(int64_t)errno : found;
}

int64_t sparse_file_next_hole(int descriptor, int64_t offset) {
  int64_t found = lseek(descriptor, offset, SEEK_HOLE);
  return found < 0 ? -(int64_t)errno : found;
}
