"""Runs a program on a pseudo-terminal: its output goes to standard output, lines of JSON on standard input say what is typed
({"type": "…"}) and how large the terminal is ({"resize": [rows, columns]}). Ends with the program's exit code."""
import fcntl, json, os, pty, select, struct, sys, termios

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

resize(30, 100)
commands = b""
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if terminal in ready:
        try:
            output = os.read(terminal, 65536)
        except OSError:
            break
        if not output:
            break
        os.write(1, output)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            sources.remove(0)
        commands += data
        *lines, commands = commands.split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "type" in command:
                os.write(terminal, command["type"].encode())
            else:
                resize(*command["resize"])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
