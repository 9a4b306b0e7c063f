// A disk that fails when a test says so: preloaded into the program, it stands
// between SQLite and the system. (Go speaks to the system by itself, so that logs
// and sockets are spared.) The file that PORTAL_DISK_FILE names holds one word:
//
//   full      nothing can be written: ENOSPC
//   fsync     what was written can't be made safe: EIO
//   io        nothing can be read or written: EIO
//   read-only the disk was mounted again read-only: EROFS
//
// Without the file, or when it is empty, the disk works.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Straight to the system: what is below must not be asked again.
static long mode(char *word, size_t size) {
  const char *file = getenv("PORTAL_DISK_FILE");
  long fd, n;
  word[0] = 0;
  if (!file) return 0;
  fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  n = syscall(SYS_read, fd, word, size - 1);
  syscall(SYS_close, fd);
  word[n > 0 ? n : 0] = 0;
  return n;
}

// The database with its companions, and nothing else.
static int ours(const char *path) { return path && strstr(path, "portal.db") != 0; }

static int open_as(int fd) {
  char link[64], path[4096];
  ssize_t n;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return ours(path);
}

enum what { reading, writing, saving };

// The error that an operation meets, 0 for none.
static int fails(int fd, enum what w) {
  char word[16];
  if (mode(word, sizeof word) <= 0 || !open_as(fd)) return 0;
  if (!strcmp(word, "full")) return w == writing ? ENOSPC : 0;
  if (!strcmp(word, "fsync")) return w == saving ? EIO : 0;
  if (!strcmp(word, "read-only")) return w == writing ? EROFS : 0;
  if (!strcmp(word, "io")) return EIO;
  return 0;
}

#define STANDS_BETWEEN(type, name, parameters, arguments, fd, w) \
  type name parameters {                                        \
    static type(*real) parameters;                              \
    int error = fails(fd, w);                                   \
    if (error) {                                                \
      errno = error;                                            \
      return -1;                                                \
    }                                                           \
    if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
    return real arguments;                                      \
  }

STANDS_BETWEEN(ssize_t, read, (int fd, void *b, size_t n), (fd, b, n), fd, reading)
STANDS_BETWEEN(ssize_t, pread, (int fd, void *b, size_t n, off_t at), (fd, b, n, at), fd, reading)
STANDS_BETWEEN(ssize_t, pread64, (int fd, void *b, size_t n, off64_t at), (fd, b, n, at), fd, reading)
STANDS_BETWEEN(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), fd, writing)
STANDS_BETWEEN(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at), fd, writing)
STANDS_BETWEEN(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at), fd, writing)
STANDS_BETWEEN(int, ftruncate, (int fd, off_t n), (fd, n), fd, writing)
STANDS_BETWEEN(int, ftruncate64, (int fd, off64_t n), (fd, n), fd, writing)
STANDS_BETWEEN(int, fsync, (int fd), (fd), fd, saving)
STANDS_BETWEEN(int, fdatasync, (int fd), (fd), fd, saving)

static int refused(const char *path, int flags) {
  char word[16];
  if (mode(word, sizeof word) <= 0 || !ours(path)) return 0;
  if (!strcmp(word, "read-only") && (flags & (O_WRONLY | O_RDWR | O_CREAT))) return EROFS;
  return 0;
}

#define OPENS(name)                                                     \
  int name(const char *path, int flags, ...) {                          \
    static int (*real)(const char *, int, ...);                         \
    int error = refused(path, flags);                                   \
    mode_t m;                                                           \
    va_list rest;                                                       \
    va_start(rest, flags);                                              \
    m = va_arg(rest, mode_t);                                           \
    va_end(rest);                                                       \
    if (error) {                                                        \
      errno = error;                                                    \
      return -1;                                                        \
    }                                                                   \
    if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
    return real(path, flags, m);                                        \
  }

OPENS(open)
OPENS(open64)
