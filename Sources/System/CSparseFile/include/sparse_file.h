#ifndef SPARSE_FILE_H
#define SPARSE_FILE_H

#include <stdint.h>

// Linux's calls on holes in files, whose constants the C library shows only under _GNU_SOURCE.

// Gives the disk space of a part of the file back; it then reads as zeros, and the file keeps its length.
// Returns 0, or an errno value.
int sparse_file_punch(int descriptor, int64_t offset, int64_t length);

// The first byte at or after `offset` that takes disk space. Returns -ENXIO past the last, or another negative errno
// value.
int64_t sparse_file_next_data(int descriptor, int64_t offset);

// The first byte at or after `offset` that lies in a hole, or the file's end. Returns a negative errno value on
// failure.
int64_t sparse_file_next_hole(int descriptor, int64_t offset);

#endif
