/** A notification server on a real D-Bus: the test reads the notifications and presses their buttons. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Program, startProgram } from '../system/processes.ts';
import { installed } from './parts.ts';

const python = '/usr/bin/python3';
/** Needs libnotify-bin, python3-dbus and python3-gi on Debian. */
export const hasNotifications = () => installed(['notify-send']) && existsSync('/usr/lib/python3/dist-packages/dbus/service.py');

const server = `
import dbus, dbus.service, json
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
name = 'org.freedesktop.Notifications'
method, signal = dbus.service.method, dbus.service.signal
class Server(dbus.service.Object):
    last = 0
    @method(name, in_signature='', out_signature='as')
    def GetCapabilities(self): return ['body', 'actions']
    @method(name, in_signature='', out_signature='ssss')
    def GetServerInformation(self): return ('of a test', 'Sabha', '1', '1.2')
    @method(name, in_signature='susssasa{sv}i', out_signature='u')
    def Notify(self, app, replaces, icon, title, text, actions, hints, timeout):
        self.last += 1
        print(json.dumps({'msg': 'shown', 'id': self.last, 'title': title, 'text': text, 'actions': list(actions)}), flush=True)
        return self.last
    @signal(name, signature='us')
    def ActionInvoked(self, id, key): pass
    @signal(name, signature='uu')
    def NotificationClosed(self, id, why): pass
    @method('test.Hand', in_signature='us', out_signature='')
    def Press(self, id, key):
        self.ActionInvoked(id, key)
        self.NotificationClosed(id, 2)
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
held = dbus.service.BusName(name, bus)
Server(bus, '/org/freedesktop/Notifications')
print(json.dumps({'msg': 'ready'}), flush=True)
GLib.MainLoop().run()
`;
const hand = `
import dbus, sys
one = dbus.SessionBus().get_object('org.freedesktop.Notifications', '/org/freedesktop/Notifications')
one.Press(dbus.UInt32(int(sys.argv[1])), sys.argv[2], dbus_interface='test.Hand')
`;

export type Shown = { id: number; title: string; text: string; actions: string[] };

/** Starts the server on the bus of `env`. */
export async function startNotifications(env: Record<string, string | undefined>) {
  const program: Program = startProgram({ program: python, args: ['-c', server], env });
  await program.says('ready');
  const shown = () => program.lines.filter(({ msg }) => msg === 'shown') as unknown as Shown[];
  return {
    shown,
    press: (id: number, key: string) => promisify(execFile)(python, ['-c', hand, `${id}`, key], { env }),
    end: () => program.end('SIGKILL'),
  };
}
