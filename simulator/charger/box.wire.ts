// The numbers that the firmware's states and flags have on the wire.

/** EVSE states as they stand on the wire. */
export const evse = {
  unknown: 0x00,
  noVehicle: 0x01,
  connected: 0x02,
  charging: 0x03,
  groundFault: 0x06,
  noGround: 0x07,
  stuckRelay: 0x08,
  selfTestFailed: 0x09,
  overTemperature: 0x0a,
  sleeping: 0xfe,
  disabled: 0xff,
} as const;

/** Volatile flags (`vflags`). */
export const vflag = {
  levelAssumed: 0x0001,
  hardFault: 0x0002,
  limitSleep: 0x0004,
  noGroundTripped: 0x0020,
  relayClosed: 0x0040,
  gfiTripped: 0x0080,
  connected: 0x0100,
  sessionEnded: 0x0200,
  connectedBefore: 0x0400,
} as const;

/** Only a change of these flags is worth an `$AT`: the relay's is not among them. */
export const toldFlags = 0x211a;
