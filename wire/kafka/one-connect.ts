// Corrects a race of kafkajs 2.2.4: requests that find their connection broken at the same time each open a socket,
// all but the last are forgotten and stay open, and the end of one of them later is taken for the end of the living.
import ConnectionPool from "kafkajs/src/network/connectionPool.js";

let corrected = false;

/** Whoever needs a connection that is being made waits for that one. Idempotent. */
export function shareConnects(): void {
  if (corrected) return;
  if (typeof ConnectionPool.prototype.getConnection !== "function")
    throw new Error("kafkajs changed: ConnectionPool.getConnection is gone, drop one-connect.ts");
  const underWay = new WeakMap<object, Promise<unknown>>();
  ConnectionPool.prototype.getConnection = async function getSharedConnection(index = 0) {
    const connection = this.pool[index];
    if (!connection) throw new RangeError(`there is no connection ${index}`);
    if (connection.isConnected()) return connection;
    let attempt = underWay.get(connection);
    if (!attempt) {
      attempt = connection.connect().finally(() => underWay.delete(connection));
      underWay.set(connection, attempt);
    }
    await attempt;
    return connection;
  };
  corrected = true;
}
