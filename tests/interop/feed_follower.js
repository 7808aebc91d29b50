// A follower of the revocation feed, written from docs/feed.md and
// docs/formats.md alone.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hash } from '@stablelib/blake2b'; // Node.js has no BLAKE2b-128

export const KINDS = ['token', 'session', 'subject', 'client', 'key', 'all'];
const [HEAD, BATCH, SNAPSHOT, RINGS] = [1, 2, 3, 4];
const isCutoff = (name) => name >= '03';
const blake2b128 = (...parts) => Buffer.from(hash(Buffer.concat(parts), 16));
const need = (holds, what) => { if (!holds) throw new Error(what); };

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  left() { return this.bytes.length - this.at; }
  take(count) {
    need(count <= this.left(), 'cut off');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  varint() {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0];
      value += (byte % 128) * scale;
      need(Number.isSafeInteger(value), 'a number is too large');
      need(byte > 0 || scale === 1, 'a number has another spelling');
      if (byte < 128) return value;
    }
  }
  signed() {
    const code = this.varint();
    return code % 2 ? -(code + 1) / 2 : code / 2;
  }
  many(make) {
    const all = [];
    for (let count = this.varint(); count > 0; --count) all.push(make());
    return all;
  }
  kind() {
    const kind = this.take(1).toString('hex');
    need(kind >= '01' && kind <= '06', 'no such kind');
    return kind;
  }
  ids() { // Elias-Fano
    const count = this.varint(), width = 32 - Math.clz32(count), ids = [];
    let high = 0, place = 8 * this.at;
    const bits = (count) => {
      need(place + count <= 8 * this.bytes.length, 'cut off');
      let value = 0;
      for (let i = 0; i < count; ++i, ++place) {
        value += ((this.bytes[place >> 3] >> (place & 7)) & 1) * 2 ** i;
      }
      return value;
    };
    while (ids.length < count) {
      while (bits(1) === 0) ++high;
      const words = [high * 2 ** (32 - width) + bits(32 - width),
        bits(32), bits(32), bits(32)];
      const id = Buffer.alloc(16);
      words.forEach((word, i) => id.writeUInt32BE(word, 4 * i));
      need(!(id.toString('hex') <= ids.at(-1)), 'ids out of order');
      ids.push(id.toString('hex'));
    }
    need(bits(-place & 7) === 0, 'bits behind the ids');
    this.at = place / 8;
    return ids;
  }
}

// An entry's name is its kind and id, in hex.
export function nameOf(kind, text) {
  const bytes = Buffer.from(text, 'base64url');
  const isId = bytes.length === 16 && bytes.toString('base64url') === text;
  return `0${kind}` + (kind === 6 ? Buffer.alloc(16) : kind < 3 && isId ? bytes
    : blake2b128(Buffer.of(kind), Buffer.from(text))).toString('hex');
}

function hashOf(before, name, ...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeUInt32LE(number, 4 * i));
  return blake2b128(before, Buffer.from(name, 'hex'), bytes);
}

function digestOf(entries, time) {
  const sums = new BigUint64Array(2);
  for (const { name, notBefore, dropAfter } of entries) {
    if (dropAfter * 1000 < time) continue;
    const one = hashOf(Buffer.of(), name, notBefore, dropAfter);
    sums.forEach((_, i) => { sums[i] += one.readBigUInt64LE(8 * i); });
  }
  const digest = Buffer.alloc(16);
  sums.forEach((sum, i) => digest.writeBigUInt64LE(sum, 8 * i));
  return digest;
}

function readFrame(bytes) {
  const reader = new Reader(bytes.subarray(7));
  const type = bytes[2], epoch = reader.varint(), sequence = reader.varint();
  const time = reader.varint(), digest = reader.take(16);
  const generation = reader.varint();
  const frame = { type, epoch, sequence, time, digest, generation };
  if (type === BATCH) frame.first = sequence - reader.varint();
  if (type !== RINGS) frame.logHash = Buffer.from(reader.take(16));
  if (type === BATCH) {
    let at = Math.floor(time / 1000);
    frame.entries = reader.many(() => {
      const kind = reader.kind();
      const name = kind + (kind === '06' ? '0'.repeat(32)
        : reader.take(16).toString('hex'));
      at += reader.signed();
      const dropAfter = (Math.floor(at / 60) + reader.signed()) * 60;
      const notBefore = isCutoff(name) ? at + reader.signed() : 0;
      return { name, at, notBefore, dropAfter };
    });
    frame.last = frame.first + frame.entries.length - 1;
    need(frame.entries.length <= 1000 && 1 <= frame.first &&
      frame.first <= frame.last && frame.last <= sequence, 'no such batch');
  } else if (type === SNAPSHOT) {
    frame.entries = reader.many(() => {
      const kind = reader.kind(), dropAfter = reader.varint() * 60;
      let date = dropAfter;
      return reader.ids().map((id) => ({ name: kind + id, dropAfter,
        notBefore: isCutoff(kind) ? date += reader.signed() : 0 }));
    }).flat();
  } else if (type === RINGS) {
    frame.rings = reader.many(() => JSON.parse(reader.take(reader.varint())));
  } else need(type === HEAD, 'no such type');
  need(reader.left() === 0, 'more behind the end');
  return frame;
}

function readKeys(ring) {
  need(ring.signet_public_ring === 1 && ring.purpose === 'feed' &&
    ring.format === 'feed-ed25519', 'no feed ring');
  const skew = ring.policy.clock_skew_ms;
  const moment = (text) => (text ? Date.parse(text) : Infinity);
  return ring.keys.map((key) => ({
    hint: blake2b128(Buffer.from(key.id)).toString('hex', 0, 4),
    key: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519',
      x: key.public.replace(/^k4\.public\./, '') } }),
    from: moment(key.ready_at ?? key.activates_at) - skew,
    until: Math.min(moment(key.retires_at) + skew,
      moment(key.revoked_at) - skew),
  }));
}

// The set, and what is known of it.
class Replica {
  held = new Map();
  epoch = 0; sequence = 0; logHash = null; generation = 0; announced = 0;
  latest = 0; confirmed = 0; moment = 0; dropped = 0; lostUntil = 0;
  constructor(ring) { this.keys = readKeys(ring); }
  check(bytes) {
    need(bytes.length > 71 && bytes[0] === 0x53 && bytes[1] === 1, 'no frame');
    const now = Date.now(), signer = bytes.toString('hex', 3, 7);
    const known = this.keys.find((key) => key.hint === signer &&
      key.from <= now && now < key.until);
    need(known, 'unknown key');
    const signed = bytes.subarray(0, -64);
    const text = Buffer.concat([Buffer.from('signet feed frame v1'),
      createHash('blake2b512').update(signed).digest()]);
    need(verify(null, text, known.key, bytes.subarray(-64)), 'bad signature');
    return { signer, ...readFrame(signed) };
  }
  // Takes a frame and says what to do next. momentOf gives, for its time, the
  // monotonic moment before which the service cannot have made it.
  take(bytes, momentOf) {
    const frame = this.check(bytes);
    const { type, epoch, sequence, time, logHash, entries } = frame;
    if (type === RINGS) return this.takeRings(frame.rings);
    need(epoch > this.epoch || (epoch === this.epoch &&
      sequence >= this.sequence), 'rollback');
    need(time <= Date.now() + 300_000, 'clock ahead');
    const moment = momentOf(time);
    this.announced = Math.max(this.announced, frame.generation);
    this.signer = frame.signer;
    if (type === SNAPSHOT) return this.takeSnapshot(frame);
    if (epoch !== this.epoch) return 'snapshot';
    if (type === HEAD) {
      if (sequence !== this.sequence) return 'log';
      if (!logHash.equals(this.logHash)) return 'snapshot';
      return this.complete(frame, moment);
    }
    const ours = this.sequence + 1 - frame.first;
    if (ours < 0) return 'log';
    const hashes = [logHash];
    for (const { name, at, notBefore, dropAfter } of entries) {
      hashes.push(hashOf(hashes.at(-1), name, at, notBefore, dropAfter));
    }
    if (ours < hashes.length) {
      if (!hashes[ours].equals(this.logHash)) return 'snapshot';
      this.add(entries.slice(ours));
      this.sequence = frame.last;
      this.logHash = hashes.at(-1);
    }
    return frame.last < sequence ? 'more' : this.complete(frame, moment);
  }
  takeRings(rings) {
    const sum = rings.reduce((sum, ring) => sum + ring.generation, 0);
    need(sum >= this.announced, 'old rings');
    this.keys = readKeys(rings.find((ring) => ring.purpose === 'feed'));
    this.generation = sum;
  }
  takeSnapshot({ epoch, sequence, time, digest, logHash, entries }) {
    need(time >= this.latest, 'old snapshot');
    need(digestOf(entries, time).equals(digest), 'another digest');
    this.add(entries);
    this.lostUntil = 0;
    if (!digestOf(this.held.values(), time).equals(digest)) {
      const theirs = new Map(entries.map((entry) => [entry.name, entry]));
      const lost = [...this.held.values()].filter((held) =>
        held.dropAfter > (theirs.get(held.name)?.dropAfter ?? 0) ||
        held.notBefore > theirs.get(held.name).notBefore);
      this.lostUntil = Math.max(...lost.map((held) => held.dropAfter));
    }
    Object.assign(this, { epoch, sequence, logHash, latest: time });
  }
  complete({ time, digest }, moment) {
    if (time < this.latest) return 'old';
    if (time > this.lostUntil * 1000 &&
      !digestOf(this.held.values(), time).equals(digest)) return 'snapshot';
    Object.assign(this, { latest: time, confirmed: time, moment });
    for (const [name, { dropAfter }] of this.held) {
      if (dropAfter * 1000 >= time ||
        (dropAfter + 60) * 1000 >= Date.now()) continue;
      this.held.delete(name);
      this.dropped = Math.max(this.dropped, dropAfter);
    }
    return 'complete';
  }
  add(entries) {
    for (const { name, at = 0, notBefore, dropAfter } of entries) {
      let old = this.held.get(name);
      if (!old || old.dropAfter < at) old = { notBefore: 0, dropAfter: 0 };
      this.held.set(name, { name,
        notBefore: Math.max(notBefore, old.notBefore),
        dropAfter: Math.max(dropAfter, old.dropAfter) });
    }
  }
  revoked({ jti, sid, sub, client_id, iat }, kid) {
    return [jti, sid, sub, client_id, kid, ''].some((text, i) => {
      const entry = text !== undefined && this.held.get(nameOf(i + 1, text));
      return entry && (!isCutoff(entry.name) || iat < entry.notBefore);
    });
  }
  staleness() {
    const now = Date.now();
    if (!this.confirmed || now < this.dropped * 1000) return Infinity;
    return Math.max(now - this.confirmed, performance.now() - this.moment);
  }
}

// Asks the service for what a replica needs.
export class Follower {
  snapshots = 0;
  constructor(url, authorization, ring, id = 'none') {
    const headers = { authorization, 'feed-verifier': id };
    Object.assign(this, { url, id, headers, replica: new Replica(ring) });
  }
  ask(path, { headers, ...options } = {}) {
    return fetch(new URL(path, this.url), { redirect: 'manual', ...options,
      headers: { ...this.headers, ...headers } });
  }
  async get(path, take) {
    let place = new URL(path, this.url), answer = await this.ask(place);
    for (let hop = 0; hop < 4 && answer.status === 307; ++hop) {
      place = new URL(answer.headers.get('location'), place);
      need(place.origin === new URL(this.url).origin, 'another service');
      answer = await this.ask(place);
    }
    if ([409, 410].includes(answer.status)) return this.snapshot();
    need(answer.status === 200, `status ${answer.status}`);
    const body = new Reader(Buffer.from(await answer.arrayBuffer()));
    while (body.left()) await take(body.take(body.take(4).readUInt32LE()));
  }
  rings() {
    return this.get('/feed/rings', (frame) => this.replica.take(frame));
  }
  snapshot(path = '/feed/snapshot') {
    ++this.snapshots;
    return this.get(path, (frame) => this.take(frame, () => 0));
  }
  async poll(wait = 0) {
    if (this.replica.epoch === 0) await this.snapshot();
    const { epoch, sequence } = this.replica, sent = performance.now();
    await this.get(`/feed/log?epoch=${epoch}&after=${sequence}&wait=${wait}`,
      (frame) => this.take(frame, () => sent));
  }
  async take(frame, momentOf) {
    let next;
    try { next = this.replica.take(frame, momentOf); } catch (error) {
      if (error.message !== 'unknown key') throw error;
      await this.rings();
      next = this.replica.take(frame, momentOf);
    }
    if (this.replica.announced > this.replica.generation) await this.rings();
    if (next === 'snapshot') await this.snapshot();
    return next;
  }
  // Follows the stream, and opens it again, until the answer is called.
  follow() {
    let open = true, connection;
    const run = async () => {
      for (let pause = 50; open; pause = Math.min(2 * pause, 5000)) {
        connection = new AbortController();
        await this.stream(connection, () => { pause = 25; })
          .catch((error) => { this.trouble = error; });
        if (open) await sleep(pause * Math.random());
      }
    };
    const done = run();
    return () => { open = false; connection.abort(); return done; };
  }
  async stream(connection, onEvent) {
    const silence = setTimeout(() => connection.abort(), 6000);
    try {
      const { epoch, sequence } = this.replica, sent = performance.now();
      const answer = await this.ask('/feed/stream', {
        signal: connection.signal,
        headers: { 'last-event-id': `${epoch}.${sequence}` } });
      if ([409, 410].includes(answer.status)) return await this.snapshot();
      need(answer.status === 200, `status ${answer.status}`);
      let text = '', least, came;
      const momentOf = (time) => time +
        (least = Math.min(least ?? sent - time, came - time));
      for await (const chunk of answer.body) {
        came = performance.now();
        silence.refresh();
        const events = (text + Buffer.from(chunk)).split('\n\n');
        text = events.pop();
        for (const event of events) {
          await this.event(Object.fromEntries(event.split('\n').map(
            (line) => line.split(/: ?(.*)/).slice(0, 2))), momentOf);
          onEvent();
        }
      }
    } finally { clearTimeout(silence); }
  }
  async event({ event, data }, momentOf) {
    if (!data) return;
    const next = await this.take(Buffer.from(data, 'base64url'), momentOf);
    if (next === 'log') await this.poll();
    if (event !== 'ack') return;
    const { epoch, sequence } = this.replica;
    this.ask('/feed/ack', { method: 'POST', body: new URLSearchParams(
      { verifier: this.id, epoch, seq: sequence }) }).catch(() => {});
  }
}
