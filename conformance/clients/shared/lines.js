'use strict';

// The adapter protocol for Node adapters: one JSON line in, one JSON line out.

const fs = require('fs');
const path = require('path');

// The version stands in the package's own description, which it need not export.
function version(library) {
  const folders = process.env.NODE_PATH.split(path.delimiter);
  const file = folders
    .map((folder) => path.join(folder, library, 'package.json'))
    .find((name) => fs.existsSync(name));
  return JSON.parse(fs.readFileSync(file, 'utf8')).version;
}

function write(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const printed = (value) => (value === undefined || value === null ? null : String(value));

// A success with the ids as the library hands them out.
function success(taskId, requestId) {
  return { outcome: 'success', task_id: printed(taskId), request_id: printed(requestId) };
}

// A failure, or a timeout where the error says it is one and carries no answer. What the
// error prints goes to standard error too, as a program's log would show it.
function failure(error, fields) {
  console.error(error.stack || error.message || JSON.stringify(error));
  const message = printed(error.message) || '';
  const known = { message, class: error.name || error.constructor.name };
  if (error.name === 'RequestTimeoutError' && !error.data) {
    return { outcome: 'timeout', ...known };
  }
  return { outcome: 'error', code: null, http_status: null, request_id: null, ...fields, ...known };
}

// Introduces the library, then answers each request until standard input ends.
async function serve(library, signature, call, more) {
  write({
    protocol: 1,
    library,
    version: version(library),
    language: 'JavaScript',
    runtime: `Node ${process.versions.node}`,
    signature,
    ...more,
  });
  let read = '';
  process.stdin.setEncoding('utf8');
  for await (const part of process.stdin) {
    // Only a line feed ends a line: an id may hold other characters that end lines elsewhere.
    const lines = (read + part).split('\n');
    read = lines.pop();
    for (const line of lines) {
      const request = JSON.parse(line);
      write({ id: request.id, ...(await call(request)) });
    }
  }
  process.exit(0); // a client may keep idle connections open
}

module.exports = { failure, serve, success };
