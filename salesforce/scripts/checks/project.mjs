// What the checks share: the files of an SFDX project and its metadata as plain objects.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false, ignoreDeclaration: true });

/** Every file below a folder, without node_modules and dot folders. */
export const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)],
    );

/** One element is an object, several are a list, none is undefined: always a list here. */
export const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
export const isCustom = (name) => /__(c|mdt|e|r)$/i.test(name);
export const lower = (text) => String(text).toLowerCase();

/**
 * Reads a project once.
 * @returns {{root: string, files: string[], text: (file: string) => string, xml: (file: string) => any,
 *   ending: (suffix: string) => string[], objects: Map<string, {file?: string, declared: any, fields: Map<string, any>}>,
 *   valueSets: Map<string, string[]>, values: (field: any) => string[] | null, relative: (file: string) => string}}
 */
export function readProject(root) {
  const packages = JSON.parse(readFileSync(path.join(root, 'sfdx-project.json'), 'utf8')).packageDirectories;
  const files = packages.flatMap((each) => filesBelow(path.join(root, each.path)));
  const text = (file) => readFileSync(file, 'utf8');
  const xml = (file) => {
    try {
      return Object.values(parser.parse(text(file)))[0] ?? {};
    } catch {
      return {}; // not well-formed: metadata-types.mjs says so
    }
  };
  const ending = (suffix) => files.filter((file) => file.endsWith(suffix));
  const nameOf = (file) => path.basename(file).split('.')[0];
  const objects = new Map();
  for (const file of ending('.object-meta.xml')) objects.set(nameOf(file), { file, declared: xml(file), fields: new Map() });
  for (const file of ending('.field-meta.xml')) {
    const owner = path.basename(path.dirname(path.dirname(file)));
    if (!objects.has(owner)) objects.set(owner, { declared: {}, fields: new Map() });
    objects.get(owner).fields.set(nameOf(file), { ...xml(file), file });
  }
  const valueSets = new Map(
    ending('.globalValueSet-meta.xml').map((file) => [nameOf(file), list(xml(file).customValue).map((v) => v.fullName)]),
  );
  /** The values of a restricted picklist; null when anything may be written. */
  const values = (field) => {
    if (field?.valueSet?.restricted !== 'true') return null;
    const own = list(field.valueSet.valueSetDefinition?.value).map((v) => v.fullName);
    return own.length > 0 ? own : (valueSets.get(field.valueSet.valueSetName) ?? []);
  };
  return { root, files, text, xml, ending, nameOf, objects, valueSets, values, relative: (file) => path.relative(root, file) };
}
