// Records, in one global order, every change and sync of the files below one directory (see README.md).
// LD_PRELOAD it; CRASH_IMAGES_ROOT names the directory, CRASH_IMAGES_TRACE the file to append to, and
// CRASH_IMAGES_LIMIT (bytes, default 4 GiB) how large that may grow before recording stops.
//
// The order is true to the program: an operation is recorded between its call and its return, and a sync leaves two
// records, at its start and at its end. Writes and directory changes happen under one lock, together with their
// record; syncs do not hold it, so that they overlap with writes as they would without the recorder.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The trace: this header, then `size` bytes. trace.py reads it.
struct event {
  uint32_t size;
  uint16_t type;
  uint16_t flags;
  uint64_t time;    // CLOCK_MONOTONIC, nanoseconds
  uint64_t handle;  // of an open file: process, then a number
  uint64_t a, b;
};

enum {
  OPEN = 1,         // a: open flags; payload: path
  WRITE = 2,        // a: offset; b: number of the sync that is part of it, or 0; payload: bytes
  RESIZE = 3,       // a: length
  ALLOCATE = 4,     // a: offset; b: length; flags: mode
  SYNC_BEGIN = 5,   // a: 1 if metadata too; b: number
  SYNC_END = 6,     // b: number; flags: 1 if it failed
  RENAME = 7,       // payload: path NUL path
  UNLINK = 8,       // payload: path
  MKDIR = 9,        // payload: path
  RMDIR = 10,       // payload: path
  MAP_WRITABLE = 11,  // a shared writable mapping: changes through it are not seen
  UNSUPPORTED = 12,   // payload: what was done that this cannot record
  LIMIT = 13,         // the trace is full
};

enum { FAILED = 1, DESCRIPTORS = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;
static uint64_t limit = 4ull << 30, recorded, numbers;
static struct { uint64_t handle; int synchronous; } files[DESCRIPTORS];

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) {
    fprintf(stderr, "crash-images: no %s in the C library\n", name);
    abort();
  }
  return function;
}

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("CRASH_IMAGES_ROOT"), *path = getenv("CRASH_IMAGES_TRACE");
  if (!directory || !path) return;
  if (!realpath(directory, root)) {
    fprintf(stderr, "crash-images: CRASH_IMAGES_ROOT %s: %s\n", directory, strerror(errno));
    abort();
  }
  root_length = strlen(root);
  if (getenv("CRASH_IMAGES_LIMIT")) limit = strtoull(getenv("CRASH_IMAGES_LIMIT"), NULL, 10);
  trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (trace < 0) {
    fprintf(stderr, "crash-images: CRASH_IMAGES_TRACE %s: %s\n", path, strerror(errno));
    abort();
  }
}

// The lock must be held.
static void record(int type, int flags, uint64_t handle, uint64_t a, uint64_t b, const struct iovec *parts, int count) {
  if (trace < 0) return;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct event event = {.type = (uint16_t)type, .flags = (uint16_t)flags, .handle = handle, .a = a, .b = b};
  event.time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  size_t size = 0;
  for (int i = 0; i < count; i++) size += parts[i].iov_len;
  event.size = (uint32_t)size;
  int full = recorded + sizeof event + size > limit;
  if (full) {
    event.type = LIMIT;
    event.size = 0;
    count = 0;
  }
  recorded += sizeof event + size;
  struct iovec all[IOV_MAX];
  all[0] = (struct iovec){&event, sizeof event};
  memcpy(all + 1, parts, sizeof *parts * (size_t)count);
  size_t total = sizeof event + event.size;
  // One write at the end of the file: whole, and in order, even when several processes record.
  if (syscall(SYS_writev, trace, all, count + 1) != (ssize_t)total) {
    fprintf(stderr, "crash-images: cannot write the trace: %s\n", strerror(errno));
    abort();
  }
  if (full) trace = -1;
}

static void record_text(int type, uint64_t handle, uint64_t a, const char *text) {
  struct iovec part = {(void *)text, strlen(text)};
  record(type, 0, handle, a, 0, &part, 1);
}

static int below_root(const char *path) {
  return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static uint64_t handle_of(int fd) { return fd >= 0 && fd < DESCRIPTORS ? files[fd].handle : 0; }

static uint64_t next_number(void) { return ((uint64_t)getpid() << 32) | (++numbers & 0xFFFFFFFF); }

// The path of a name, with its directory resolved; 0 if there is no such directory.
static int resolve(int directory, const char *name, char *path) {
  char full[PATH_MAX], parent[PATH_MAX];
  if (name[0] == '/' || directory == AT_FDCWD) {
    if (snprintf(full, sizeof full, "%s", name) >= (int)sizeof full) return 0;
  } else {
    char link[64], base[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    if (snprintf(full, sizeof full, "%s/%s", base, name) >= (int)sizeof full) return 0;
  }
  size_t length = strlen(full);
  while (length > 1 && full[length - 1] == '/') full[--length] = 0;
  char *slash = strrchr(full, '/');
  const char *last = slash ? slash + 1 : full;
  if (slash == full) {
    strcpy(parent, "/");
  } else {
    char before[PATH_MAX] = ".";
    if (slash) {
      memcpy(before, full, (size_t)(slash - full));
      before[slash - full] = 0;
    }
    if (!realpath(before, parent)) return 0;
  }
  return snprintf(path, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "", last) < PATH_MAX;
}

static int open_recorded(int directory, const char *name, int flags, mode_t mode) {
  int preserved = errno;
  pthread_mutex_lock(&lock);
  errno = preserved;
  int fd = (int)syscall(SYS_openat, directory, name, flags, mode);
  preserved = errno;
  if (fd >= 0 && fd < DESCRIPTORS) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = trace < 0 ? -1 : readlink(link, path, sizeof path - 1);
    if (length > 0) path[length] = 0;
    files[fd].handle = 0;
    if (length > 0 && below_root(path)) {
      if (flags & O_DIRECT) record_text(UNSUPPORTED, 0, 0, "O_DIRECT");
      files[fd].handle = next_number();
      files[fd].synchronous = flags & O_DSYNC;
      record_text(OPEN, files[fd].handle, (uint64_t)flags, path);
    }
  }
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return fd;
}

static mode_t mode_argument(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN_FUNCTION(name) \
  int name(const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = mode_argument(flags, arguments); \
    va_end(arguments); \
    return open_recorded(AT_FDCWD, path, flags, mode); \
  }
OPEN_FUNCTION(open)
OPEN_FUNCTION(open64)

#define OPENAT_FUNCTION(name) \
  int name(int directory, const char *path, int flags, ...) { \
    va_list arguments; \
    va_start(arguments, flags); \
    mode_t mode = mode_argument(flags, arguments); \
    va_end(arguments); \
    return open_recorded(directory, path, flags, mode); \
  }
OPENAT_FUNCTION(openat)
OPENAT_FUNCTION(openat64)

int creat(const char *path, mode_t mode) { return open_recorded(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < DESCRIPTORS) files[fd].handle = 0;
  int result = REAL(close)(fd), preserved = errno;
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return result;
}

static void copied(int from, int to) {
  pthread_mutex_lock(&lock);
  if (to >= 0 && to < DESCRIPTORS && from >= 0 && from < DESCRIPTORS) files[to] = files[from];
  pthread_mutex_unlock(&lock);
}

int dup(int fd) {
  int result = REAL(dup)(fd);
  copied(fd, result);
  return result;
}

int dup2(int fd, int target) {
  int result = REAL(dup2)(fd, target);
  copied(fd, result);
  return result;
}

int dup3(int fd, int target, int flags) {
  int result = REAL(dup3)(fd, target, flags);
  copied(fd, result);
  return result;
}

// The argument is an int, a pointer or nothing: as wide as a long in each case.
#define FCNTL_FUNCTION(name) \
  int name(int fd, int command, ...) { \
    va_list arguments; \
    va_start(arguments, command); \
    long argument = va_arg(arguments, long); \
    va_end(arguments); \
    int result = REAL(name)(fd, command, argument); \
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) copied(fd, result); \
    return result; \
  }
FCNTL_FUNCTION(fcntl)
FCNTL_FUNCTION(fcntl64)

// Of `parts`, what makes up the first `count` bytes.
static int cut(const struct iovec *parts, int number, size_t count, struct iovec *into) {
  int used = 0;
  for (; used < number && count > 0; used++) {
    into[used] = parts[used];
    if (into[used].iov_len > count) into[used].iov_len = count;
    count -= into[used].iov_len;
  }
  return used;
}

static void unsupported(int fd, const char *what) {
  uint64_t handle = handle_of(fd);
  if (!handle) return;
  pthread_mutex_lock(&lock);
  record_text(UNSUPPORTED, handle, 0, what);
  pthread_mutex_unlock(&lock);
}

// A write at `offset`, or at the file's position if that is negative.
static ssize_t write_recorded(int fd, const struct iovec *parts, int number, off_t offset) {
  if (number < 0 || number >= IOV_MAX) {
    errno = EINVAL;
    return -1;
  }
  struct iovec written[IOV_MAX];
  ssize_t result;
  pthread_mutex_lock(&lock);
  uint64_t handle = files[fd].handle;
  if (files[fd].synchronous && offset >= 0) {
    // Recorded before it happens, so that it need not hold the lock for as long as the disk takes.
    uint64_t sync = next_number();
    size_t count = 0;
    for (int i = 0; i < number; i++) count += parts[i].iov_len;
    record(WRITE, 0, handle, (uint64_t)offset, sync, parts, number);
    pthread_mutex_unlock(&lock);
    result = REAL(pwritev)(fd, parts, number, offset);
    int preserved = errno;
    pthread_mutex_lock(&lock);
    if (result != (ssize_t)count) record_text(UNSUPPORTED, handle, 0, "a synchronous write that was cut short");
    record(SYNC_END, result == (ssize_t)count ? 0 : FAILED, handle, 0, sync, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = preserved;
    return result;
  }
  result = offset >= 0 ? REAL(pwritev)(fd, parts, number, offset) : REAL(writev)(fd, parts, number);
  int preserved = errno;
  if (result > 0) {
    off_t at = offset >= 0 ? offset : lseek(fd, 0, SEEK_CUR) - result;
    uint64_t sync = files[fd].synchronous ? next_number() : 0;
    record(WRITE, 0, handle, (uint64_t)at, sync, written, cut(parts, number, (size_t)result, written));
    if (sync) record(SYNC_END, 0, handle, 0, sync, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return result;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!handle_of(fd)) return REAL(write)(fd, bytes, count);
  struct iovec part = {(void *)bytes, count};
  return write_recorded(fd, &part, 1, -1);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
  return handle_of(fd) ? write_recorded(fd, parts, number, -1) : REAL(writev)(fd, parts, number);
}

#define PWRITE_FUNCTION(name) \
  ssize_t name(int fd, const void *bytes, size_t count, off_t offset) { \
    if (!handle_of(fd)) return REAL(name)(fd, bytes, count, offset); \
    struct iovec part = {(void *)bytes, count}; \
    return write_recorded(fd, &part, 1, offset); \
  }
PWRITE_FUNCTION(pwrite)
PWRITE_FUNCTION(pwrite64)

#define PWRITEV_FUNCTION(name) \
  ssize_t name(int fd, const struct iovec *parts, int number, off_t offset) { \
    return handle_of(fd) ? write_recorded(fd, parts, number, offset) : REAL(name)(fd, parts, number, offset); \
  }
PWRITEV_FUNCTION(pwritev)
PWRITEV_FUNCTION(pwritev64)

#define PWRITEV2_FUNCTION(name) \
  ssize_t name(int fd, const struct iovec *parts, int number, off_t offset, int flags) { \
    if (handle_of(fd) && flags == 0) return write_recorded(fd, parts, number, offset); \
    unsupported(fd, "pwritev2 with flags"); \
    return REAL(name)(fd, parts, number, offset, flags); \
  }
PWRITEV2_FUNCTION(pwritev2)
PWRITEV2_FUNCTION(pwritev64v2)

// Calls `call` under the lock, and records what follows if it succeeded.
#define LOCKED(call, on_success) \
  pthread_mutex_lock(&lock); \
  int result = (call), preserved = errno; \
  if (result == 0) { \
    on_success; \
  } \
  pthread_mutex_unlock(&lock); \
  errno = preserved; \
  return result

#define TRUNCATE_FUNCTION(name) \
  int name(int fd, off_t length) { \
    uint64_t handle = handle_of(fd); \
    if (!handle) return REAL(name)(fd, length); \
    LOCKED(REAL(name)(fd, length), record(RESIZE, 0, handle, (uint64_t)length, 0, NULL, 0)); \
  }
TRUNCATE_FUNCTION(ftruncate)
TRUNCATE_FUNCTION(ftruncate64)

#define ALLOCATE_FUNCTION(name) \
  int name(int fd, int mode, off_t offset, off_t length) { \
    uint64_t handle = handle_of(fd); \
    if (!handle) return REAL(name)(fd, mode, offset, length); \
    LOCKED( \
        REAL(name)(fd, mode, offset, length), \
        record(ALLOCATE, mode, handle, (uint64_t)offset, (uint64_t)length, NULL, 0)); \
  }
ALLOCATE_FUNCTION(fallocate)
ALLOCATE_FUNCTION(fallocate64)

#define POSIX_ALLOCATE_FUNCTION(name) \
  int name(int fd, off_t offset, off_t length) { \
    uint64_t handle = handle_of(fd); \
    if (!handle) return REAL(name)(fd, offset, length); \
    LOCKED( \
        REAL(name)(fd, offset, length), \
        record(ALLOCATE, 0, handle, (uint64_t)offset, (uint64_t)length, NULL, 0)); \
  }
POSIX_ALLOCATE_FUNCTION(posix_fallocate)
POSIX_ALLOCATE_FUNCTION(posix_fallocate64)

static int sync_recorded(int fd, int metadata, int (*call)(int)) {
  uint64_t handle = handle_of(fd);
  if (!handle) return call(fd);
  pthread_mutex_lock(&lock);
  uint64_t number = next_number();
  record(SYNC_BEGIN, 0, handle, (uint64_t)metadata, number, NULL, 0);
  pthread_mutex_unlock(&lock);
  int result = call(fd), preserved = errno;
  pthread_mutex_lock(&lock);
  record(SYNC_END, result == 0 ? 0 : FAILED, handle, 0, number, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return result;
}

int fsync(int fd) { return sync_recorded(fd, 1, REAL(fsync)); }
int fdatasync(int fd) { return sync_recorded(fd, 0, REAL(fdatasync)); }

#define MMAP_FUNCTION(name) \
  void *name(void *address, size_t length, int protection, int flags, int fd, off_t offset) { \
    uint64_t handle = handle_of(fd); \
    if (handle && (protection & PROT_WRITE) && (flags & MAP_TYPE) != MAP_PRIVATE) { \
      pthread_mutex_lock(&lock); \
      record(MAP_WRITABLE, 0, handle, (uint64_t)offset, length, NULL, 0); \
      pthread_mutex_unlock(&lock); \
    } \
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset); \
  }
MMAP_FUNCTION(mmap)
MMAP_FUNCTION(mmap64)

static int name_recorded(int type, int directory, const char *name, int removing) {
  char path[PATH_MAX];
  int known = trace >= 0 && resolve(directory, name, path) && below_root(path);
  pthread_mutex_lock(&lock);
  int result = (int)(type == MKDIR ? syscall(SYS_mkdirat, directory, name, removing)
                                   : syscall(SYS_unlinkat, directory, name, removing));
  int preserved = errno;
  if (result == 0 && known) record_text(type, 0, 0, path);
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return result;
}

int mkdir(const char *name, mode_t mode) { return name_recorded(MKDIR, AT_FDCWD, name, (int)mode); }
int mkdirat(int directory, const char *name, mode_t mode) { return name_recorded(MKDIR, directory, name, (int)mode); }
int rmdir(const char *name) { return name_recorded(RMDIR, AT_FDCWD, name, AT_REMOVEDIR); }
int unlink(const char *name) { return name_recorded(UNLINK, AT_FDCWD, name, 0); }
int unlinkat(int directory, const char *name, int flags) {
  return name_recorded(flags & AT_REMOVEDIR ? RMDIR : UNLINK, directory, name, flags);
}
int remove(const char *name) {
  int result = unlink(name);
  return result != 0 && errno == EISDIR ? rmdir(name) : result;
}

static int rename_recorded(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  char old_path[PATH_MAX], new_path[PATH_MAX];
  int known = trace >= 0 && resolve(from_directory, from, old_path) && resolve(to_directory, to, new_path);
  int leaves = known && below_root(old_path), enters = known && below_root(new_path);
  pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags), preserved = errno;
  if (result == 0 && (leaves || enters)) {
    if (leaves != enters || flags) record_text(UNSUPPORTED, 0, 0, "a rename out of, into, or within, of a rare kind");
    struct iovec parts[] = {{old_path, strlen(old_path) + 1}, {new_path, strlen(new_path)}};
    record(RENAME, 0, 0, 0, 0, parts, 2);
  }
  pthread_mutex_unlock(&lock);
  errno = preserved;
  return result;
}

int rename(const char *from, const char *to) { return rename_recorded(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  return rename_recorded(from_directory, from, to_directory, to, 0);
}
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  return rename_recorded(from_directory, from, to_directory, to, flags);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count, unsigned flags) {
  unsupported(to, "copy_file_range");
  return REAL(copy_file_range)(from, from_offset, to, to_offset, count, flags);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count);
ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  unsupported(to, "sendfile");
  return REAL(sendfile)(to, from, offset, count);
}
