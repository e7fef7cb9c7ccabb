/*
 * Preloaded into this host's QEMU (LD_PRELOAD): turns paths of the lane's Windows (C:\...) into those of the folder that
 * Wine has as drive C. So arguments, QMP and the headers of qcow2 files hold Windows paths from end to end.
 * GOQEMU_DRIVE_C is that folder.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/vfs.h>

enum { longest = 4096 };

static int begins_drive(const char *text, const char *at) {
  int first = at == text || at[-1] == '/' || at[-1] == '\\';
  return first && (at[0] == 'C' || at[0] == 'c') && at[1] == ':' && (at[2] == '\\' || (at[2] == '/' && at == text));
}

/* QEMU puts its working folder before what is not absolute to it: the last drive letter counts. */
static const char *host_path(const char *path, char *buffer) {
  const char *drive = NULL;
  if (!path) return path;
  for (const char *at = path; *at; at++)
    if (begins_drive(path, at)) drive = at;
  if (!drive) return path;
  snprintf(buffer, longest, "%s%s", getenv("GOQEMU_DRIVE_C"), drive + 2);
  for (char *at = buffer; *at; at++)
    if (*at == '\\') *at = '/';
  return buffer;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name); \
  char buffer[longest]
#define MODE() va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, int); va_end(rest)

int open(const char *path, int flags, ...) { REAL(int, open, const char *, int, ...); MODE(); return real(host_path(path, buffer), flags, mode); }
int open64(const char *path, int flags, ...) { REAL(int, open64, const char *, int, ...); MODE(); return real(host_path(path, buffer), flags, mode); }
int openat(int folder, const char *path, int flags, ...) { REAL(int, openat, int, const char *, int, ...); MODE(); return real(folder, host_path(path, buffer), flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { REAL(int, openat64, int, const char *, int, ...); MODE(); return real(folder, host_path(path, buffer), flags, mode); }
int __open_2(const char *path, int flags) { return open(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open64(path, flags, 0); }
FILE *fopen(const char *path, const char *how) { REAL(FILE *, fopen, const char *, const char *); return real(host_path(path, buffer), how); }
FILE *fopen64(const char *path, const char *how) { REAL(FILE *, fopen64, const char *, const char *); return real(host_path(path, buffer), how); }
int stat(const char *path, struct stat *found) { REAL(int, stat, const char *, struct stat *); return real(host_path(path, buffer), found); }
int stat64(const char *path, struct stat64 *found) { REAL(int, stat64, const char *, struct stat64 *); return real(host_path(path, buffer), found); }
int lstat(const char *path, struct stat *found) { REAL(int, lstat, const char *, struct stat *); return real(host_path(path, buffer), found); }
int lstat64(const char *path, struct stat64 *found) { REAL(int, lstat64, const char *, struct stat64 *); return real(host_path(path, buffer), found); }
int access(const char *path, int how) { REAL(int, access, const char *, int); return real(host_path(path, buffer), how); }
int unlink(const char *path) { REAL(int, unlink, const char *); return real(host_path(path, buffer)); }
int rename(const char *from, const char *to) { REAL(int, rename, const char *, const char *); char second[longest]; return real(host_path(from, buffer), host_path(to, second)); }
int truncate(const char *path, off_t size) { REAL(int, truncate, const char *, off_t); return real(host_path(path, buffer), size); }
int statfs(const char *path, struct statfs *found) { REAL(int, statfs, const char *, struct statfs *); return real(host_path(path, buffer), found); }
int statvfs(const char *path, struct statvfs *found) { REAL(int, statvfs, const char *, struct statvfs *); return real(host_path(path, buffer), found); }
char *realpath(const char *path, char *found) { REAL(char *, realpath, const char *, char *); return real(host_path(path, buffer), found); }

/* block.c, path_has_protocol: on Windows "C:\" is no protocol. */
size_t strcspn(const char *text, const char *stops) {
  size_t length = 0;
  if (!strcmp(stops, ":/") && isalpha((unsigned char)text[0]) && text[1] == ':' && text[2] == '\\') return 2;
  while (text[length] && !strchr(stops, text[length])) length++;
  return length;
}
