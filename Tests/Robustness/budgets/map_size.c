// Lets a member run under valgrind, whose address space has no room for a map as large as LMDB is given. Preloaded.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

int mdb_env_set_mapsize(void *environment, size_t size) {
  int (*real)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
  size_t most = (size_t)1 << 30;
  return real(environment, size < most ? size : most);
}
