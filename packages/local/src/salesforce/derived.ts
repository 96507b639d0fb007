import type { Engine } from './engine.ts';
import type { Stored } from './schema.ts';
import { wireDateTime } from './values.ts';

/** Values the platform itself writes: no automation, no rights, no change time. */
export function setDerived(engine: Engine, object: string, id: string, values: Readonly<Record<string, Stored>>): void {
  const row = engine.store.table(object).get(id);
  if (row === undefined || row.deleted) return;
  if (Object.entries(values).every(([name, value]) => row.values[name] === value)) return;
  const stamp = wireDateTime(engine.clock.now());
  engine.store.write(object, { ...row, values: { ...row.values, ...values, SystemModstamp: stamp } });
}
