// Every *-meta.xml against the Metadata API's types, which Salesforce publishes as metadata.d.ts (generated from the
// WSDL): unknown, repeated and missing elements, enums, booleans, numbers; and whether a component claims the file.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ComponentSet } from '@salesforce/source-deploy-retrieve';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import ts from 'typescript';

const NAMESPACE = 'http://soap.sforce.com/2006/04/metadata';
const ordered = new XMLParser({ ignoreAttributes: false, preserveOrder: true, parseTagValue: false, ignoreDeclaration: true });
const declarations = createRequire(import.meta.url).resolve('@salesforce/types/metadata').replace(/\.js$/, '.d.ts');

let loaded;
function metadataTypes() {
  if (loaded) return loaded;
  const program = ts.createProgram([declarations], { strict: true, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(declarations));
  const types = checker.getExportsOfModule(symbol).map((each) => [each.name, checker.getDeclaredTypeOfSymbol(each)]);
  loaded = { checker, types: new Map(types) };
  return loaded;
}

const tagOf = (node) => Object.keys(node).find((key) => key !== ':@');
// The type as written, so that lib.d.ts need not be loaded.
const writtenType = (property) => (property.valueDeclaration ?? property.declarations[0]).type;

function elementIssues(where, nodes, type) {
  const { checker } = metadataTypes();
  const properties = new Map(checker.getPropertiesOfType(type).map((property) => [property.name, property]));
  const seen = new Set();
  const issues = [];
  for (const node of nodes) {
    const tag = tagOf(node);
    if (tag === '#text' || tag === '#comment') continue;
    const property = properties.get(tag);
    if (property === undefined) {
      issues.push(`${where}: unknown element <${tag}>`);
      continue;
    }
    const declared = writtenType(property);
    const many = ts.isArrayTypeNode(declared);
    if (!many && seen.has(tag)) issues.push(`${where}: <${tag}> twice`);
    seen.add(tag);
    issues.push(...valueIssues(`${where}/${tag}`, node[tag], many ? declared.elementType : declared));
  }
  for (const [name, property] of properties) {
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0 || ts.isArrayTypeNode(writtenType(property));
    if (!optional && !seen.has(name)) issues.push(`${where}: <${name}> is missing`);
  }
  return issues;
}

function valueIssues(where, children, declared) {
  const text = children.map((child) => child['#text'] ?? '').join('');
  if (declared.kind === ts.SyntaxKind.BooleanKeyword)
    return /^(true|false)$/.test(text) ? [] : [`${where}: '${text}' is not a boolean`];
  if (declared.kind === ts.SyntaxKind.NumberKeyword)
    return /^-?\d+(\.\d+)?$/.test(text) ? [] : [`${where}: '${text}' is not a number`];
  if (declared.kind !== ts.SyntaxKind.TypeReference) return [];
  const type = metadataTypes().types.get(declared.typeName.getText());
  if (type === undefined) return [];
  const choices = type.isUnion() ? type.types : [type];
  if (!choices.every((choice) => choice.isStringLiteral())) return elementIssues(where, children, type);
  return choices.some((choice) => choice.value === text) ? [] : [`${where}: '${text}' is not a value of its type`];
}

function fileIssues(project, file, claimed) {
  const name = project.relative(file);
  const xml = readFileSync(file, 'utf8');
  const wellFormed = XMLValidator.validate(xml);
  if (wellFormed !== true) return [`${name}:${wellFormed.err.line} not well-formed: ${wellFormed.err.msg}`];
  const issues = claimed.has(file) ? [] : [`${name}: no component claims this file (folder or suffix)`];
  const root = ordered.parse(xml).find((node) => !('#comment' in node));
  const tag = tagOf(root);
  const type = metadataTypes().types.get(tag);
  if (type === undefined) return [...issues, `${name}: unknown metadata type <${tag}>`];
  if (root[':@']?.['@_xmlns'] !== NAMESPACE) issues.push(`${name}: wrong or missing xmlns`);
  return [...issues, ...elementIssues(tag, root[tag], type).map((issue) => `${name} ${issue}`)];
}

/** @returns {string[]} one line per mistake */
export function checkMetadataTypes(project) {
  const folders = JSON.parse(readFileSync(path.join(project.root, 'sfdx-project.json'), 'utf8')).packageDirectories;
  let components;
  try {
    const fsPaths = folders.map((folder) => path.join(project.root, folder.path));
    components = ComponentSet.fromSource({ fsPaths }).getSourceComponents().toArray();
  } catch (error) {
    return [`the source cannot be read: ${error.message}`];
  }
  const claimed = new Set(components.flatMap((each) => [each.xml, ...each.getChildren().map((child) => child.xml)]));
  return project.ending('-meta.xml').flatMap((file) => fileIssues(project, file, claimed));
}
