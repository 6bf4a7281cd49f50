import { existsSync } from "node:fs";
import type { TerminalSize } from "../../sandbox/port.ts";

/** Where perl is, which every Debian and most other systems have; looked for nowhere else, as with the shell. */
const PERL = "/usr/bin/perl";

/** Bytes of one frame's content; its length stands in two bytes. */
const MAX_FRAME_BYTES = 32 * 1024;

const INPUT = 0;
const RESIZE = 1;

/**
 * Runs a program on a terminal of its own, between three pipes: standard input brings frames (one byte of kind, two of
 * length, the content), standard output takes what the terminal shows. It needs no compiled module, works inside of a
 * sandbox as on the machine, and neither side can hold up the other: script(1) stops for ever where a program that writes
 * does not read. The numbers are those of Linux on x86_64 and arm64. At the end of the frames, or SIGTERM, it hangs up, and
 * it ends as its program has ended; what that leaves in the background is hung up.
 */
const BRIDGE = String.raw`use strict; use Fcntl; use POSIX ();
my ($rows, $cols) = splice @ARGV, 0, 2;
my $most = 65536;
$SIG{PIPE} = 'IGNORE'; $SIG{CHLD} = sub { }; $SIG{HUP} = 'IGNORE';
my $hung_up = 0; $SIG{TERM} = sub { $hung_up = 1 };
sub failed { print STDERR "A terminal could not be made: $_[0]: $!\r\n"; POSIX::_exit(126) }
sysopen(my $pty, '/dev/ptmx', O_RDWR | O_NOCTTY) or failed('/dev/ptmx');
my $number = pack('i', 0);
ioctl($pty, 0x40045431, $number) or failed('unlocking');
ioctl($pty, 0x80045430, $number) or failed('its number');
my $name = '/dev/pts/' . unpack('i', $number);
sub resize { my $size = pack('S4', @_, 0, 0); ioctl($pty, 0x5414, $size) }
resize($rows, $cols);
sysopen(my $tty, $name, O_RDWR | O_NOCTTY) or failed($name);
my $settings = POSIX::Termios->new;
$settings->getattr(fileno $tty);
$settings->setiflag($settings->getiflag | 0x4000);
$settings->setattr(fileno $tty, POSIX::TCSANOW);
my $pid = fork;
defined $pid or failed('a process');
if ($pid == 0) {
  POSIX::setsid();
  ioctl($tty, 0x540E, 0) or failed('its session');
  $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD HUP TERM INT QUIT);
  POSIX::dup2(fileno $tty, $_) for 0 .. 2;
  delete $ENV{PERL_BADLANG};
  exec { $ARGV[0] } @ARGV or POSIX::_exit(127);
}
close $tty;
for my $handle ($pty, \*STDOUT) { fcntl($handle, F_SETFL, fcntl($handle, F_GETFL, 0) | O_NONBLOCK) }
my ($frames, $typed, $shown, $quiet, $left) = ('', '', '', 0, 131072);
my $status;
until ($hung_up) {
  while (length $typed < $most && length $frames >= 3) {
    my ($kind, $length) = unpack('Cn', $frames);
    last if length $frames < 3 + $length;
    my $content = substr(substr($frames, 0, 3 + $length, ''), 3);
    if ($kind == ${INPUT}) { $typed .= $content } else { resize(unpack('n2', $content)) }
  }
  my ($read, $write) = ('', '');
  vec($read, 0, 1) = 1 if length $frames < $most && length $typed < $most;
  vec($read, fileno $pty, 1) = 1 if !$quiet && $left > 0 && length $shown < $most;
  vec($write, fileno $pty, 1) = 1 if length $typed && !$quiet;
  vec($write, 1, 1) = 1 if length $shown;
  my $found = select($read, $write, undef, defined $status ? 0 : $quiet ? 0.05 : 1);
  $quiet = 0;
  if ($found > 0) {
    if (vec($read, 0, 1)) {
      my $got = sysread(STDIN, $frames, $most, length $frames);
      $hung_up = 1 if defined $got && !$got;
    }
    if (vec($read, fileno $pty, 1)) {
      my $got = sysread($pty, $shown, $most, length $shown);
      if ($got) { $left -= $got if defined $status } elsif (defined $got || !$!{EAGAIN}) { $quiet = 1 }
    }
    if (vec($write, fileno $pty, 1)) { my $put = syswrite($pty, $typed); substr($typed, 0, $put, '') if $put }
    if (vec($write, 1, 1)) {
      my $put = syswrite(STDOUT, $shown);
      if ($put) { substr($shown, 0, $put, '') } elsif (!$!{EAGAIN}) { $hung_up = 1 }
    }
  }
  if (defined $status) {
    last if !length $shown && ($left <= 0 || $quiet || !$found || !vec($read, fileno $pty, 1));
    select(undef, undef, undef, 0.01) if $quiet || !$found;
  } elsif (waitpid($pid, POSIX::WNOHANG()) == $pid) { $status = $? }
}
close $pty;
if (!defined $status) { waitpid($pid, 0); $status = $? }
POSIX::_exit(($status & 127) ? 128 + ($status & 127) : $status >> 8)`;

/** Why programs get no terminal on this machine; undefined where they do. */
export function findTerminalFault(): string | undefined {
  if (process.platform !== "linux") return "A terminal needs a runner on Linux.";
  return existsSync(PERL) ? undefined : `A terminal needs ${PERL} on the runner's machine.`;
}

/** The words that run a program on a terminal of its own. Its standard input takes frames. */
export function onTerminal(argv: readonly string[], { rows, cols }: TerminalSize): string[] {
  // Without its word about locales, which a sandbox has few of.
  return ["/usr/bin/env", "PERL_BADLANG=0", PERL, "-e", BRIDGE, String(rows), String(cols), ...argv];
}

/** Input as the terminal's standard input takes it. */
export function inputFrames(bytes: Uint8Array): Uint8Array {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += MAX_FRAME_BYTES) {
    frames.push(frame(INPUT, bytes.subarray(at, at + MAX_FRAME_BYTES)));
  }
  return Buffer.concat(frames);
}

/** A change of the terminal's size, of which its programs hear by SIGWINCH. */
export function resizeFrame({ rows, cols }: TerminalSize): Uint8Array {
  const content = Buffer.alloc(4);
  content.writeUInt16BE(rows, 0);
  content.writeUInt16BE(cols, 2);
  return frame(RESIZE, content);
}

function frame(kind: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(kind, 0);
  head.writeUInt16BE(content.byteLength, 1);
  return Buffer.concat([head, content]);
}
