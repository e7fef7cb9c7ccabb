/**
 * The program in the guest, as root, at the virtio port of goqemu's own. Its arguments: the port's device (or `fd:N`, a
 * descriptor that it inherits), and the numbers of the system calls for reading and setting the clock, and for sync.
 *
 * It reads the port only as far as its streams have room, writes only as far as the host has asked for, and says nothing
 * that it was not asked for but the end. Who speaks at the other end changes without a word: a greeting begins a session
 * wherever it is found, and what is no frame of the session ends it. A session's end ends what it still runs.
 *
 * To a process at a port without a host, Linux reports by SIGIO alone that a host has come (drivers/char/virtio_console.c): poll
 * reports a hang-up all that time, and read returns at once.
 */
export const farEndPerl = String.raw`
use strict;
use POSIX ();
use Fcntl ();
my ($where, $get_time, $set_time, $sync) = @ARGV;
my $port;
if ($where =~ /^fd:(\d+)$/) { open($port, '+<&=', $1) or exit 5 }
else {
  for (1..80) { last if sysopen($port, $where, Fcntl::O_RDWR()); select(undef, undef, undef, 0.05) }
  exit 7 unless defined fileno $port;
}
my $is_port = -c $port;
defined(my $pid = fork) or exit 8;
exit 0 if $pid;
POSIX::setsid();
chdir '/';
if (open(my $null, '+<', '/dev/null')) { POSIX::dup2(fileno $null, $_) for 0..2 }
umask 022;
my ($version, $hello, $welcome) = (3, "\0goqemu\n", "\0GOQEMU\n");
my ($window, $most, $held) = (262144, 32768, 262144);
my $root_path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
my ($tag, $in, $out, $gone) = ('', '', '', 0);
my (%stream, %login, @doomed);
my @signals = ('', qw(HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP
  TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS));
$SIG{$_} = sub { leave('the program in the guest was ended') } for qw(TERM HUP INT);
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = $SIG{IO} = sub { };
sub blocks {
  my $flags = Fcntl::O_RDWR() | ($is_port ? Fcntl::O_ASYNC() : 0) | ($_[0] ? 0 : Fcntl::O_NONBLOCK());
  fcntl($port, Fcntl::F_SETFL(), $flags);
}
fcntl($port, Fcntl::F_SETOWN(), $$ + 0) if $is_port;
blocks(0);

sub frame { $out .= $tag . pack('NCCn', $_[0], $_[1], 0, length $_[2]) . $_[2] }

sub leave { frame(0, 22, $_[0]) if $tag ne ''; flush(); doom($_) for values %stream; exit 0 }

sub flush {
  while (length $out) {
    my $n = syswrite($port, $out, $most);
    last unless $n;
    substr($out, 0, $n, '');
  }
}

# Process id, parent and time of start of all there are.
sub processes {
  my %all;
  opendir(my $d, '/proc') or return;
  for my $p (grep /^\d+$/, readdir $d) {
    open(my $f, '<', "/proc/$p/stat") or next;
    my $line = <$f> // next;
    $all{$p} = [(split / /, $1)[1, 19]] if $line =~ /.*\) (.*)/s;
  }
  return \%all;
}

# Ends what a command has started and is still below it: TERM now, KILL a second later.
sub doom {
  my $s = shift;
  delete $stream{$s->{id}};
  for (qw(in out err)) { close $s->{$_} if $s->{$_}; delete $s->{$_} }
  return if $s->{reaped};
  my $all = processes();
  my %children;
  push @{$children{$all->{$_}[0]}}, $_ for keys %$all;
  my @below = ($s->{pid});
  for (my $i = 0; $i < @below; $i++) { push @below, @{$children{$below[$i]} || []} }
  kill 'TERM', -$s->{pid}, @below;
  push @doomed, [time + 1, $s->{pid}, map { [$_, $all->{$_}[1]] } grep { $all->{$_} } @below];
}

sub finish_doomed {
  while (@doomed && $doomed[0][0] <= time) {
    my (undef, $group, @those) = @{shift @doomed};
    my $all = processes();
    kill 'KILL', -$group if $all->{$group} || grep { $all->{$_->[0]} } @those;
    for (@those) { my ($p, $start) = @$_; kill 'KILL', $p if $all->{$p} && $all->{$p}[1] eq $start }
  }
}

sub end_session { doom($_) for values %stream; ($tag, $out, %login) = ('', '') }

sub greeted {
  my ($mode, $nonce) = @_;
  end_session();
  my $said = $welcome . chr($version) . $nonce;
  if ($mode eq 'q') { $out = $said; flush(); exit 0 }
  if ($mode eq 's') { standby($said) }
  else { $out = $said; $tag = substr($nonce, 0, 4) }
}

# Waits in a guest that is cut: writes out its data, and sets its clock when it resumes. All that is called then was called before, so that
# the linker has found it. 0x5207 is RNDRESEEDCRNG (random(4)).
sub standby {
  my $said = shift;
  open(my $r, '>', '/dev/urandom') or return; syswrite($r, 'x'); ioctl($r, 0x5207, 0);
  my ($s, $n, $seed) = unpack('A10 x A9 x A64', '0' x 85);
  my $t = pack('qq', 0, 0); syscall($get_time, 0, $t);
  blocks(1);
  syswrite($port, $said);
  while (1) {
    my ($l, $got) = ($in, length $in); # what came with the greeting, or with its repetition
    if ($got) { $in = '' } else { $got = sysread($port, $l, 85) }
    next if !defined $got && $!{EINTR};
    if ($got && $got == 85 && $l =~ /^\d{10}\.\d{9} [0-9a-f]{64}$/) {
      ($s, $n, $seed) = unpack('A10 x A9 x A64', $l);
      $t = pack('qq', $s, $n);
      my $e = syscall($set_time, 0, $t) == 0 ? "set\n" : "failed\n";
      syswrite($r, $seed); ioctl($r, 0x5207, 0); syswrite($port, $e);
      next;
    }
    if ($got && $l eq "sync\n") { syscall($sync); syswrite($port, "synced\n"); next }
    syswrite($port, "bye\n") if $got && $l eq "\n";
    $in = $l if $got && $l ne "\n";
    last;
  }
  blocks(0);
}

# What sshd and PAM give a command of this user, as far as files say it.
sub login {
  my $name = shift;
  return $login{$name} if $login{$name};
  my ($user, $uid, $gid, $home, $shell) = (getpwnam $name)[0, 2, 3, 7, 8];
  return unless defined $uid;
  my @groups = ($gid);
  while (my (undef, undef, $g, $members) = getgrent) { push @groups, $g if $g != $gid && grep { $_ eq $name } split / /, $members }
  endgrent;
  $shell ||= '/bin/sh';
  my %env = (USER => $name, LOGNAME => $name, HOME => $home, SHELL => $shell,
    PATH => $uid == 0 ? $root_path : '/usr/local/bin:/usr/bin:/bin:/usr/games',
    SSH2_CLIENT => 'goqemu'); # Debian's bash reads ~/.bashrc for a command of sshd's, and knows it by this
  for my $file ('/etc/environment', '/etc/default/locale') {
    open(my $f, '<', $file) or next;
    while (<$f>) { $env{$1} = $3 if /^\s*(?:export\s+)?(\w+)=(["']?)(.*?)\2\s*$/ }
  }
  my $run = "/run/user/$uid";
  $env{XDG_RUNTIME_DIR} = $run if -d $run;
  $env{DBUS_SESSION_BUS_ADDRESS} = "unix:path=$run/bus" if -S "$run/bus";
  my $umask = 022;
  my $pam;
  if (open($pam, '<', '/etc/pam.d/common-session') and grep /^\s*session\s.*pam_umask/, <$pam>) {
    my %defs;
    if (open(my $f, '<', '/etc/login.defs')) { while (<$f>) { $defs{$1} = $2 if /^\s*(UMASK|USERGROUPS_ENAB)\s+(\S+)/ } }
    $umask = oct $defs{UMASK} if ($defs{UMASK} || '') =~ /^[0-7]{1,4}$/;
    my $own = getgrgid $gid;
    $umask = ($umask & 0707) | (($umask & 0700) >> 3) if $uid && ($defs{USERGROUPS_ENAB} || '') eq 'yes' && defined $own && $own eq $name;
  }
  return $login{$name} = { uid => $uid, gid => $gid, groups => "@groups", home => $home, shell => $shell, env => \%env, umask => $umask };
}

# What sudo, or runuser for root, gives a command of this user that another one starts.
sub elevated {
  my ($name, $by) = @_;
  my ($l, $starter) = (login($name), login($by));
  return unless $l && $starter;
  my %env = (%{$l->{env}}, PATH => $root_path);
  @env{qw(SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND MAIL TERM)} =
    ($by, $starter->{uid}, $starter->{gid}, '/bin/sh', "/var/mail/$name", 'unknown') if $starter->{uid};
  delete @env{qw(SSH2_CLIENT XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS)};
  return { %$l, start => $starter->{home}, shell => '/bin/sh', env => \%env };
}

sub become {
  my ($l, $command, @pipes) = @_;
  POSIX::setsid();
  POSIX::dup2(fileno $pipes[$_], $_) for 0..2;
  $SIG{$_} = 'DEFAULT' for qw(TERM HUP INT PIPE CHLD IO);
  umask $l->{umask};
  # Where the one who starts it is, which the user itself may have no right to go to.
  my $is_there = defined $l->{start} && chdir $l->{start};
  if ($> == 0) {
    $) = "$l->{gid} $l->{groups}"; $( = $l->{gid};
    ($<, $>) = ($l->{uid}, $l->{uid});
    POSIX::_exit(254) if $< != $l->{uid} || $> != $l->{uid} || $( + 0 != $l->{gid};
  }
  if (!$is_there && !chdir $l->{home}) { syswrite(STDERR, "could not change to the home folder $l->{home}\n"); chdir '/' }
  %ENV = %{$l->{env}};
  my ($name) = $l->{shell} =~ m{([^/]*)$};
  { no warnings; exec { $l->{shell} } $name, '-c', $command; }
  syswrite(STDERR, "$l->{shell}: $!\n");
  POSIX::_exit(127);
}

sub start {
  my ($id, $payload, $other) = @_;
  my ($name, @rest) = eval { unpack($other ? 'C/a C/a a*' : 'C/a a*', $payload) };
  my $command = pop @rest;
  return frame($id, 21, 'a command that is cut short') unless defined $command;
  my $l = $other ? elevated($name, @rest) : login($name);
  return frame($id, 21, "there is no user $name") unless $l;
  return frame($id, 21, 'the program in the guest does not run as root') if $other && $> != 0 && $> != $l->{uid};
  return frame($id, 21, 'more commands at once than the program in the guest takes') if keys %stream >= 250;
  my ($ir, $iw, $or, $ow, $er, $ew);
  return frame($id, 21, "no pipe: $!") unless pipe($ir, $iw) && pipe($or, $ow) && pipe($er, $ew);
  my $pid = fork;
  return frame($id, 21, "no process: $!") unless defined $pid;
  become($l, $command, $ir, $ow, $ew) unless $pid;
  for ($iw, $or, $er) { fcntl($_, Fcntl::F_SETFL(), Fcntl::O_NONBLOCK()) }
  $stream{$id} = { id => $id, pid => $pid, in => $iw, out => $or, err => $er, input => '', credit => $window };
  frame($id, 23, pack 'N', $pid);
}

sub handle {
  my ($id, $type, $payload) = @_;
  return frame(0, 7, '') if $type == 6;
  return start($id, $payload, $type == 8) if ($type == 1 || $type == 8) && $id && !$stream{$id};
  my $s = $stream{$id};
  # A host that asks for something newer is not to wait for ever.
  return $type > 8 && $id && !$s ? frame($id, 21, 'the program in the guest does not know this') : () unless $s;
  if ($type == 2) {
    if ($s->{in}) { $s->{input} .= $payload; feed($s) }
  }
  elsif ($type == 3) { $s->{ended} = 1; feed($s) }
  elsif ($type == 4 && length $payload == 4) { $s->{credit} += unpack 'N', $payload }
  elsif ($type == 5) {
    for (qw(in out err)) { close $s->{$_} if $s->{$_}; delete $s->{$_} }
    $s->{silent} = 1;
    settle($s);
  }
}

sub feed {
  my $s = shift;
  my $in = $s->{in} or return;
  my $taken = 0;
  while (length $s->{input}) {
    my $n = syswrite($in, $s->{input}, 65536);
    if ($n) { substr($s->{input}, 0, $n, ''); $taken += $n; next }
    last if $!{EAGAIN} || $!{EINTR};
    $s->{input} = ''; $s->{ended} = 1; # it reads no more
  }
  frame($s->{id}, 20, pack 'N', $taken) if $taken;
  if ($s->{ended} && !length $s->{input}) { close $in; delete $s->{in} }
}

sub drain {
  my ($s, $name, $type) = @_;
  my $most_now = $s->{credit} < $most ? $s->{credit} : $most;
  return if $most_now <= 0 || length $out > $held;
  my $n = sysread($s->{$name}, my $bytes, $most_now);
  if ($n) { $s->{credit} -= $n; frame($s->{id}, $type, $bytes); return }
  return if !defined $n && ($!{EAGAIN} || $!{EINTR});
  close $s->{$name}; delete $s->{$name};
  settle($s);
}

sub reap {
  for my $s (values %stream) {
    next if $s->{reaped} || waitpid($s->{pid}, POSIX::WNOHANG()) <= 0;
    my $status = $?;
    $s->{reaped} = 1;
    my $signal = $status & 127;
    frame($s->{id}, 18, pack('C', $status >> 8) . ($signal ? $signals[$signal] || "RT$signal" : '')) unless $s->{silent};
    settle($s);
  }
  1 while !%stream && waitpid(-1, POSIX::WNOHANG()) > 0;
}

sub settle {
  my $s = shift;
  return if !$s->{reaped} || $s->{out} || $s->{err};
  close $s->{in} if $s->{in};
  frame($s->{id}, 19, '') unless $s->{silent};
  delete $stream{$s->{id}};
}

sub parse {
  while (length $in) {
    my $found = $tag eq '' ? index($in, $hello) : substr($in, 0, 8) eq $hello ? 0 : -1;
    if ($found >= 0) {
      substr($in, 0, $found, '');
      return if length $in < 26;
      my ($v, $mode, $nonce) = unpack('x8 C a a16', substr($in, 0, 26, ''));
      greeted($mode, $nonce);
      next;
    }
    if ($tag eq '') { $in = substr($in, -7) if length $in > 7; return }
    return if length $in < 12;
    my ($t, $id, $type, undef, $length) = unpack('a4 N C C n', $in);
    if ($t ne $tag || $length > $most) { end_session(); next }
    return if length $in < 12 + $length;
    my $payload = substr($in, 12, $length);
    substr($in, 0, 12 + $length, '');
    handle($id, $type, $payload);
  }
}

# Reads until the host has left.
sub take {
  my $got = sysread($port, my $bytes, 65536);
  $gone = defined $got && $got == 0;
  $in .= $bytes if $got;
}

# No host is at the port: SIGIO (29) comes with one. Signals are let in while it sleeps, and not just before.
sub wait_for_host {
  my ($block, $before) = (POSIX::SigSet->new(POSIX::SIGCHLD(), 29), POSIX::SigSet->new);
  POSIX::sigprocmask(POSIX::SIG_BLOCK(), $block, $before);
  take();
  POSIX::sigsuspend($before) if $gone;
  POSIX::sigprocmask(POSIX::SIG_SETMASK(), $before);
}

while (1) {
  parse();
  reap();
  finish_doomed();
  flush() if length $out && !$gone;
  if ($gone) {
    exit 0 if !$is_port && !@doomed;
    if (@doomed) { take() } else { wait_for_host(); next }
  }
  my ($r, $w, $running) = ('', '', 0);
  vec($r, fileno $port, 1) = 1 if !$gone && length $in < $held;
  vec($w, fileno $port, 1) = 1 if !$gone && length $out;
  for my $s (values %stream) {
    $running = 1 unless $s->{reaped};
    vec($w, fileno $s->{in}, 1) = 1 if $s->{in} && length $s->{input};
    next if $s->{credit} <= 0 || length $out > $held;
    for (qw(out err)) { vec($r, fileno $s->{$_}, 1) = 1 if $s->{$_} }
  }
  my $ready = select($r, $w, undef, @doomed || $running ? 0.25 : undef);
  next if $ready <= 0;
  if (!$gone && vec($r, fileno $port, 1)) {
    take();
    if ($gone) { end_session(); $in = ''; next }
  }
  for my $s (values %stream) {
    feed($s) if $s->{in} && vec($w, fileno $s->{in}, 1);
    drain($s, 'out', 16) if $s->{out} && vec($r, fileno $s->{out}, 1);
    drain($s, 'err', 17) if $s->{err} && vec($r, fileno $s->{err}, 1);
  }
}
`;
