/**
 * What a program may need that shows a window, plays sound, finds its libraries or its temporary folder, by the names
 * that Linux, macOS, Windows and QEMU itself use.
 */
const passed = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP)$/,
  /^(XDG_\w+|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS)$/,
  /^(SDL_\w+|GDK_\w+|GTK_\w+|QT_\w+|PULSE_\w+|PIPEWIRE_\w+|ALSA_\w+|LIBGL_\w+|MESA_\w+|__GLX_\w+)$/,
  /^(LD_LIBRARY_PATH|LD_PRELOAD|DYLD_\w+|MALLOC_\w+|ASAN_OPTIONS|QEMU_\w+|NIX_\w+|__CF\w+)$/,
  /^(SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|OS|NUMBER_OF_PROCESSORS|PROCESSOR_\w+)$/i,
  /^(PATH|USERPROFILE|USERNAME|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES(\(X86\))?|COMMONPROGRAMFILES|WINE\w+)$/i,
];

/**
 * The environment for a process that outlives this one. It stays readable in the process list (proc(5),
 * /proc/PID/environ) for as long as that runs: tokens and passwords that this process was given are none of its.
 */
export function lastingEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => passed.some((pattern) => pattern.test(name))));
}
