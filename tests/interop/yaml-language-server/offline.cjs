// Loaded before the language server: whatever would leave the machine fails, and is told on stderr.
const net = require("node:net");
const dns = require("node:dns");

function refuse(what) {
  process.stderr.write(`left the machine: ${what}\n`);
  throw new Error(`nothing may leave the machine: ${what}`);
}

net.Socket.prototype.connect = (...args) => refuse(JSON.stringify(args[0]));
dns.lookup = (host) => refuse(host);
