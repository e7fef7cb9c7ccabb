/*
 * The stand-in for QEMU's programs on Windows (qemu-system-x86_64.exe, qemu-img.exe): hands its name, arguments and
 * standard streams to qemu-server.mjs, which runs this host's program, and holds the files which that has open with
 * QEMU's own share mode. What it must know lies beside it in stand-in.txt: the port and the token of the server.
 */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { headerBytes = 5, longestPath = 1024, mostFiles = 128, largest = 1 << 20 };

static SOCKET server;
static CRITICAL_SECTION turn;

static void send_all(const char *bytes, int left) {
  while (left > 0) {
    int sent = send(server, bytes, left, 0);
    if (sent <= 0) ExitProcess(97);
    bytes += sent;
    left -= sent;
  }
}

static void send_frame(char kind, const char *bytes, unsigned size) {
  unsigned char header[headerBytes] = {kind, size >> 24, size >> 16, size >> 8, size};
  EnterCriticalSection(&turn);
  send_all((char *)header, headerBytes);
  send_all(bytes, size);
  LeaveCriticalSection(&turn);
}

static int receive(char *bytes, int left) {
  while (left > 0) {
    int got = recv(server, bytes, left, 0);
    if (got <= 0) return 0;
    bytes += got;
    left -= got;
  }
  return 1;
}

static DWORD WINAPI pass_input(void *unused) {
  static char bytes[65536];
  DWORD size;
  HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  (void)unused;
  while (input && input != INVALID_HANDLE_VALUE && ReadFile(input, bytes, sizeof bytes, &size, NULL) && size > 0)
    send_frame('I', bytes, size);
  send_frame('E', "", 0);
  return 0;
}

static void write_all(HANDLE to, const char *bytes, DWORD left) {
  DWORD written;
  while (left && to && to != INVALID_HANDLE_VALUE && WriteFile(to, bytes, left, &written, NULL)) {
    bytes += written;
    left -= written;
  }
}

static struct {
  wchar_t path[longestPath];
  HANDLE handle;
  int wanted;
} held[mostFiles];

static int place_of(const wchar_t *path) {
  for (int at = 0; at < mostFiles; at++)
    if (held[at].handle && !wcscmp(held[at].path, path)) return at;
  return -1;
}

/* block/file-win32.c: QEMU shares what it opens for reading and writing, and never for deletion. */
static void hold(char *list) {
  for (int at = 0; at < mostFiles; at++) held[at].wanted = 0;
  for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n")) {
    wchar_t path[longestPath];
    MultiByteToWideChar(CP_UTF8, 0, line + 2, -1, path, longestPath);
    int at = place_of(path);
    if (at < 0) {
      DWORD access = GENERIC_READ | (line[0] == 'W' ? GENERIC_WRITE : 0);
      HANDLE handle = CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
      if (handle == INVALID_HANDLE_VALUE) {
        char report[longestPath + 64];
        int size = snprintf(report, sizeof report, "cannot hold %s: error %lu", line + 2, GetLastError());
        send_frame('N', report, size);
        continue;
      }
      for (at = 0; at < mostFiles - 1 && held[at].handle; at++) continue;
      wcscpy(held[at].path, path);
      held[at].handle = handle;
    }
    held[at].wanted = 1;
  }
  for (int at = 0; at < mostFiles; at++)
    if (held[at].handle && !held[at].wanted) {
      CloseHandle(held[at].handle);
      held[at].handle = NULL;
    }
}

static int add(char *to, int at, const wchar_t *text) {
  return at + WideCharToMultiByte(CP_UTF8, 0, text, -1, to + at, largest - at, NULL, NULL);
}

static int connect_server(const wchar_t *program, char *token) {
  wchar_t path[MAX_PATH];
  int port = 0;
  wcscpy(path, program);
  wcscpy(wcsrchr(path, L'\\') + 1, L"stand-in.txt");
  FILE *file = _wfopen(path, L"r");
  if (!file || fscanf(file, "%d %64s", &port, token) != 2) return 0;
  fclose(file);
  server = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(server, (struct sockaddr *)&address, sizeof address) == 0;
}

int main(void) {
  static char request[largest];
  WSADATA data;
  char token[65];
  int count, size;
  wchar_t program[MAX_PATH];
  WSAStartup(0x202, &data);
  InitializeCriticalSection(&turn);
  GetModuleFileNameW(NULL, program, MAX_PATH);
  if (!connect_server(program, token)) {
    fprintf(stderr, "the stand-in for QEMU cannot reach its server\n");
    return 96;
  }
  LPWSTR *words = CommandLineToArgvW(GetCommandLineW(), &count);
  size = strlen(strcpy(request, token)) + 1;
  size = add(request, size, wcsrchr(program, L'\\') + 1);
  for (int at = 1; at < count; at++) size = add(request, size, words[at]);
  send_frame('A', request, size);
  CreateThread(NULL, 0, pass_input, NULL, 0, NULL);
  for (;;) {
    unsigned char header[headerBytes];
    if (!receive((char *)header, headerBytes)) return 98;
    unsigned length = header[1] << 24 | header[2] << 16 | header[3] << 8 | header[4];
    char *bytes = malloc(length + 1);
    if (!receive(bytes, length)) return 98;
    bytes[length] = 0;
    if (header[0] == 'O') write_all(GetStdHandle(STD_OUTPUT_HANDLE), bytes, length);
    if (header[0] == 'R') write_all(GetStdHandle(STD_ERROR_HANDLE), bytes, length);
    if (header[0] == 'F') {
      hold(bytes);
      send_frame('H', "", 0);
    }
    if (header[0] == 'X') ExitProcess(atoi(bytes));
    free(bytes);
  }
}
