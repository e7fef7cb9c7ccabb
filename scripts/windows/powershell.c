/* The stand-in for powershell.exe, of which Wine has an empty one: answers goqemu's own questions about processes. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>

typedef LONG(WINAPI *Query)(HANDLE, int, void *, ULONG, ULONG *);

enum { processCommandLineInformation = 60 };

static void command_line(DWORD pid, char *text, int room) {
  static char found[262144];
  struct { USHORT length, most; wchar_t *words; } *line = (void *)found;
  ULONG size;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  text[0] = 0;
  if (!process) return;
  Query query = (Query)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQueryInformationProcess");
  if (query(process, processCommandLineInformation, found, sizeof found, &size) >= 0)
    text[WideCharToMultiByte(CP_UTF8, 0, line->words, line->length / 2, text, room - 1, NULL, NULL)] = 0;
  CloseHandle(process);
}

/* 100 ns since 1601 (FILETIME); 0 for one that has ended. */
static unsigned long long created(DWORD pid) {
  FILETIME times[4];
  DWORD code = 0;
  unsigned long long time = 0;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  if (!process) return 0;
  if (GetExitCodeProcess(process, &code) && code == STILL_ACTIVE &&
      GetProcessTimes(process, &times[0], &times[1], &times[2], &times[3]))
    time = (unsigned long long)times[0].dwHighDateTime << 32 | times[0].dwLowDateTime;
  CloseHandle(process);
  return time;
}

static void list(void) {
  static char line[65536];
  PROCESSENTRY32 entry = {.dwSize = sizeof entry};
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (!Process32First(all, &entry)) return;
  do {
    command_line(entry.th32ProcessID, line, sizeof line);
    printf("%lu\t%s\r\n", entry.th32ProcessID, line);
  } while (Process32Next(all, &entry));
}

/* When each process of the question was created: `PID TIME` a line, with the kernel's, or the time alone. */
static void creation_times(const char *question) {
  int lines = strstr(question, "ForEach-Object") != NULL;
  for (const char *at = question; (at = strstr(at, "ProcessId=")); at++) {
    DWORD pid = atoi(at + strlen("ProcessId="));
    unsigned long long time = pid == 4 ? 132537600000000000ULL : created(pid);
    if (!time) continue;
    if (lines) printf("%lu %llu\r\n", pid, time);
    else printf("%llu\r\n", time);
  }
}

int main(int count, char **words) {
  static char line[65536];
  const char *question = count > 1 ? words[count - 1] : "";
  const char *at = strstr(question, "ProcessId=");
  DWORD pid = at ? atoi(at + strlen("ProcessId=")) : 0;
  if (strstr(question, "CreationDate.ToFileTimeUtc")) {
    creation_times(question);
  } else if (strstr(question, ").CommandLine") && pid) {
    command_line(pid, line, sizeof line);
    printf("%s\r\n", line);
  } else if (strstr(question, "CommandLine")) {
    list();
  } else if (strstr(question, "$PSVersionTable")) {
    printf("5.1 (stand-in)\r\n");
  } else {
    fprintf(stderr, "the stand-in for PowerShell does not know: %s\n", question);
    return 1;
  }
  return 0;
}
