/**
 * A seccomp filter for sandboxes: system calls that no task needs and that have led out of sandboxes answer EPERM.
 * Classic BPF over `struct seccomp_data`, as seccomp(2) describes it; bubblewrap loads it just before the command.
 */

/** Numbers of a system call on x86_64 and on arm64; null where it has none. */
type Numbers = readonly [x64: number | null, arm64: number | null];

/** Calls that were added after 2019 have one number everywhere. */
const both = (number: number): Numbers => [number, number];

const REFUSED: Readonly<Record<string, Numbers>> = {
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: both(428),
  move_mount: both(429),
  fsopen: both(430),
  fsconfig: both(431),
  fsmount: both(432),
  fspick: both(433),
  mount_setattr: both(442),
  open_by_handle_at: [304, 265],
  // The kernel itself, and its hard-to-guard corners.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: both(425),
  io_uring_enter: both(426),
  io_uring_register: both(427),
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  syslog: [103, 116],
  acct: [163, 89],
  quotactl: [179, 60],
  // The machine.
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  iopl: [172, null],
  ioperm: [173, null],
};

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64, and the calls of which an argument decides. */
const MACHINES = {
  x64: { arch: 0xc000003e, column: 0, clone: 56, clone3: 435, ioctl: 16 },
  arm64: { arch: 0xc00000b7, column: 1, clone: 220, clone3: 435, ioctl: 29 },
} as const;

/** Calls of x86_64 from here on are those of its x32 form, which would pass by every number above. */
const X32_FIRST = 0x40000000;
const CLONE_NEWUSER = 0x10000000;
/** Writes into a terminal as if somebody had typed it. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** Places in `struct seccomp_data`: the call, the machine, and the low halves of the first two arguments. */
const PLACE = { call: 0, arch: 4, first: 16, second: 24 };

const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_BITS = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number];

/** The filter for this machine, or undefined where the numbers of its calls are not known here. */
export function seccompFilter(machine: string = process.arch): Uint8Array | undefined {
  if (machine !== "x64" && machine !== "arm64") return undefined;
  const { arch, column, clone, clone3, ioctl } = MACHINES[machine];
  const refused = Object.values(REFUSED).flatMap((numbers) => numbers[column] ?? []);
  return encode([
    [LOAD, 0, 0, PLACE.arch],
    ...unless(arch, ENOSYS),
    [LOAD, 0, 0, PLACE.call],
    ...(machine === "x64" ? when(JUMP_IF_AT_LEAST, X32_FIRST, ENOSYS) : []),
    ...refused.flatMap((number) => when(JUMP_IF_EQUAL, number, EPERM)),
    // Its flags are behind a pointer that a filter cannot follow: C libraries then use clone.
    ...when(JUMP_IF_EQUAL, clone3, ENOSYS),
    ...ofCall(clone, [[LOAD, 0, 0, PLACE.first], ...when(JUMP_IF_BITS, CLONE_NEWUSER, EPERM)]),
    ...ofCall(ioctl, [
      [LOAD, 0, 0, PLACE.second],
      ...when(JUMP_IF_EQUAL, TIOCSTI, EPERM),
      ...when(JUMP_IF_EQUAL, TIOCLINUX, EPERM),
    ]),
    [RETURN, 0, 0, ALLOW],
  ]);
}

function when(jump: number, value: number, outcome: number): Instruction[] {
  return [
    [jump, 0, 1, value],
    [RETURN, 0, 0, outcome],
  ];
}

function unless(value: number, outcome: number): Instruction[] {
  return [
    [JUMP_IF_EQUAL, 1, 0, value],
    [RETURN, 0, 0, outcome],
  ];
}

/** Instructions for one call alone; they end the filter, since they load something else than the call's number. */
function ofCall(number: number, instructions: Instruction[]): Instruction[] {
  const all: Instruction[] = [...instructions, [RETURN, 0, 0, ALLOW]];
  return [[JUMP_IF_EQUAL, 0, all.length, number], ...all];
}

/** `struct sock_filter` one after the other, in the order of bytes of both machines. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [index, [code, whenTrue, whenFalse, value]] of instructions.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, whenTrue);
    view.setUint8(index * 8 + 3, whenFalse);
    view.setUint32(index * 8 + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
