// The fleet that a first start writes: ten charge points from 7.2 to 350 kW, and five drivers, each with points
// of their own (alice and eve also try one of somebody else's, so that a refusal is seen now and then).
import { wishAt } from "./additions.ts";
import { CpFile, DriverFile, type Fleet, SystemFile } from "./fleet-schemas.ts";
import { cpIdOf } from "./typed-names.ts";

type Place = [name: string, address: string, city: string, latitude: number, longitude: number];

const points: [
  Place,
  kw: number,
  price: number,
  CpFile["connector_type"],
  CpFile["firmware"],
  amenities: string[],
][] = [
  [
    ["Mercado Central", "Plaza Ciudad de Brujas 1", "Valencia", 39.4737, -0.3789],
    7.2,
    0.28,
    "TYPE2",
    "8.2.3",
    ["market", "cafe"],
  ],
  [
    ["Puerta del Mar", "Avenida de Aragon 12", "Valencia", 39.4712, -0.3592],
    11,
    0.29,
    "TYPE2",
    "D8.1.1",
    ["shopping"],
  ],
  [
    ["Explanada", "Paseo Explanada de Espana 5", "Alicante", 38.3436, -0.4837],
    22,
    0.3,
    "TYPE2",
    "7.1.3",
    ["restaurant", "beach"],
  ],
  [["Estacion Norte", "Calle Bailen 9", "Valencia", 39.4661, -0.3776], 22, 0.31, "TYPE2", "5.0.1", ["train"]],
  [
    ["Parque Tecnologico", "Ronda Narciso Monturiol 3", "Paterna", 39.5449, -0.4598],
    43,
    0.33,
    "TYPE2",
    "8.2.3",
    ["offices", "wifi"],
  ],
  [
    ["Area de Sagunto", "Autovia A-7 km 275", "Sagunto", 39.6833, -0.2783],
    50,
    0.35,
    "CCS2",
    "8.2.3",
    ["restroom", "cafe"],
  ],
  [
    ["Gran Via", "Avenida Gran Via 40", "Castellon", 39.9831, -0.0512],
    75,
    0.38,
    "CHADEMO",
    "D8.1.1",
    ["cinema", "shopping"],
  ],
  [
    ["Puerto de Denia", "Explanada Cervantes 2", "Denia", 38.8424, 0.1126],
    100,
    0.39,
    "CCS2",
    "7.1.3",
    ["ferry", "restaurant"],
  ],
  [
    ["Area de La Font", "Autopista AP-7 km 602", "Gandia", 38.9682, -0.1803],
    150,
    0.4,
    "CCS2",
    "8.2.3",
    ["restroom", "shop"],
  ],
  [
    ["Hub Aeropuerto", "Carretera del Aeropuerto 1", "Manises", 39.4893, -0.4727],
    350,
    0.45,
    "CCS2",
    "8.2.3",
    ["restroom", "cafe", "wifi"],
  ],
];

const itineraries: [name: string, cps: number[]][] = [
  ["alice", [1, 6, 2]],
  ["bob", [2, 7]],
  ["carol", [3, 8]],
  ["dave", [4, 9]],
  ["eve", [5, 10, 9]],
];

export function baseFleet(): Fleet {
  return {
    system: SystemFile.parse({}),
    cps: points.map(
      ([[name, address, city, latitude, longitude], kw, price, connector, firmware, amenities], i) =>
        CpFile.parse({
          cp_id: cpIdOf(i + 1),
          name,
          address,
          city,
          latitude,
          longitude,
          connector_type: connector,
          amenities,
          power_kw: kw,
          price_eur_per_kwh: price,
          firmware,
        }),
    ),
    drivers: itineraries.map(([name, cps], i) =>
      DriverFile.parse({
        driver_id: `driver-${name}`,
        port: 8100 + i,
        requests: cps.map((cp) =>
          wishAt({ cp_id: cpIdOf(cp), power_kw: points[cp - 1]?.[1] ?? 22 }, `VEH-00${i + 1}`),
        ),
      }),
    ),
  };
}
