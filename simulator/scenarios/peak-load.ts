// The peak: all points are in use, so three fast ones and two drivers are added while everybody else charges on.
import { type Scenario, serviceOf } from "./scenario.ts";

export const peakLoad: Scenario = {
  name: "peak-load",
  title: "three charge points and two drivers are added while others charge, and are used at once",
  async play(stage) {
    const early = await stage.chargeBoth("CP-001", "CP-004");

    const cps = stage.free("CP-011", "CP-012", "CP-013");
    const [eleven = "", twelve = "", thirteen = ""] = cps;
    const more = await stage.add({
      cps: [
        { cp: eleven, powerKw: 150, price: 0.4 },
        { cp: twelve, powerKw: 150, price: 0.4 },
        { cp: thirteen, powerKw: 350, price: 0.5 },
      ],
    });
    for (const cp of cps) {
      await stage.logs(serviceOf.engine(cp), /consumer started/, { withinS: 10, since: more });
      await stage.shows(cp, "ON", { withinS: 10, since: more });
    }

    const [frank = "", grace = ""] = stage.free("driver-frank", "driver-grace");
    await stage.add({
      drivers: [
        { driver: frank, port: 8105 },
        { driver: grace, port: 8106 },
      ],
    });
    for (const driver of [frank, grace])
      await stage.expect(`${driver}'s phone lists the new points, free`, { withinS: 10 }, async () => {
        const listed = await stage.doors.phone(driver, "/charging-points");
        if (listed?.status !== 200) return false;
        const points = listed.value as { cp_id: string; status: string }[];
        return cps.every((cp) => points.some(({ cp_id, status }) => cp_id === cp && status === "FREE"));
      });

    const late = await Promise.all([
      stage.charge(eleven, { driver: frank }),
      stage.charge(thirteen, { driver: grace }),
    ]);
    const all = [...early, ...late];
    for (const session of all) await stage.flows(session);
    for (const session of all) await stage.unplug(session);
    const prices: number[] = [];
    for (const session of all) prices.push((await stage.billed(session, { withinS: 30 })).priceEurPerKwh);
    stage.check("each at its point's price", prices.join() === "0.28,0.31,0.4,0.5", prices.join(", "));
    stage.othersUntouched();
  },
};
