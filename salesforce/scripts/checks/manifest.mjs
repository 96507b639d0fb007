// manifest/package.xml names every component of force-app and no other: a deployment by manifest deploys the same.
import path from 'node:path';
import { ComponentSet, RegistryAccess } from '@salesforce/source-deploy-retrieve';

const FILE = 'manifest/package.xml';

/** `write(file, text)` rewrites it instead of complaining. @returns {Promise<string[]>} */
export async function checkManifest(project, { write } = {}) {
  const folder = path.join(project.root, 'force-app');
  const { sourceApiVersion } = JSON.parse(project.text(path.join(project.root, 'sfdx-project.json')));
  const set = ComponentSet.fromSource({ fsPaths: [folder] });
  // Children too, as `sf project generate manifest` names them: a field can then be retrieved by itself.
  const names = new Map();
  const registry = new RegistryAccess();
  for (const component of set.getSourceComponents().toArray())
    for (const { type, fullName } of [component, ...component.getChildren()]) {
      // A folder of reports is named as one of them.
      const { name } = type.folderContentType ? registry.getTypeByName(type.folderContentType) : type;
      if (!names.has(name)) names.set(name, new Set());
      names.get(name).add(fullName);
    }
  const types = [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, members]) => {
    const sorted = [...members].sort().map((member) => `        <members>${member.replaceAll('&', '&amp;')}</members>\n`).join('');
    return `    <types>\n${sorted}        <name>${name}</name>\n    </types>\n`;
  });
  const expected = `<?xml version="1.0" encoding="UTF-8"?>\n<Package xmlns="http://soap.sforce.com/2006/04/metadata">\n${types.join('')}    <version>${sourceApiVersion}</version>\n</Package>\n`;
  const file = path.join(project.root, FILE);
  const found = project.text(file);
  if (found === expected) return [];
  if (write) {
    write(file, expected);
    return [];
  }
  const lines = (text) => new Set(text.split('\n').map((line) => line.trim()));
  const [here, there] = [lines(found), lines(expected)];
  return [
    ...[...there].filter((line) => !here.has(line)).map((line) => `${FILE} lacks ${line}`),
    ...[...here].filter((line) => !there.has(line)).map((line) => `${FILE} has ${line}, which force-app has not`),
    `${FILE} is not what --write would make of it`,
  ];
}
