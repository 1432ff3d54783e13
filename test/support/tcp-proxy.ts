// The proxy with a network's faults, where tests look for it.
export { openTcpProxy, type TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
