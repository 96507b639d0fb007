import type { Rights } from './rights.ts';
import type { FieldSchema, FieldType, ObjectSchema, Schema } from './schema.ts';

/** Describe answers with every key of the recorded ones: typed clients read keys, not documentation. */
export function describeGlobal(schema: Schema, base: string) {
  return {
    encoding: 'UTF-8',
    maxBatchSize: 200,
    sobjects: schema.objects.map((object) => objectSummary(object, base)),
  };
}

/** Shown to everybody, written by nobody. */
const READ_ONLY: readonly string[] = ['Organization', 'UserPermissionAccess'];

/**
 * What the global describe, `/sobjects/X` and the full describe have in common. `rights`: of whoever asks; only custom
 * objects are in a permission set of ours.
 */
export function objectSummary(object: ObjectSchema, base: string, rights: Rights | null = null) {
  const stored = object.kind === 'object' || object.kind === 'setting';
  const writeable = stored && !READ_ONLY.includes(object.name);
  const granted = rights === null || !object.custom ? { create: true, edit: true } : rights.objects.get(object.name);
  return {
    activateable: false,
    associateEntityType: null,
    associateParentEntity: null,
    createable: (writeable || object.kind === 'event') && granted?.create === true,
    custom: object.custom,
    customSetting: object.kind === 'setting',
    deepCloneable: false,
    deletable: writeable,
    deprecatedAndHidden: false,
    feedEnabled: false,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix: object.keyPrefix,
    label: object.label,
    labelPlural: object.labelPlural,
    layoutable: stored,
    mergeable: false,
    mruEnabled: stored,
    name: object.name,
    queryable: object.kind !== 'event',
    replicateable: stored,
    retrieveable: object.kind !== 'event',
    searchable: stored,
    triggerable: stored || object.kind === 'event',
    undeletable: writeable,
    updateable: writeable && granted?.edit === true,
    urls: {
      sobject: `${base}/sobjects/${object.name}`,
      describe: `${base}/sobjects/${object.name}/describe`,
      rowTemplate: `${base}/sobjects/${object.name}/{ID}`,
    },
  };
}

export function describeObject(schema: Schema, object: ObjectSchema, base: string, rights: Rights | null = null) {
  return {
    actionOverrides: [],
    ...objectSummary(object, base, rights),
    childRelationships: object.children.map((child) => ({
      cascadeDelete: child.cascadeDelete,
      childSObject: child.childObject,
      deprecatedAndHidden: false,
      field: child.field,
      junctionIdListNames: [],
      junctionReferenceTo: [],
      relationshipName: child.relationshipName,
      restrictedDelete: child.restrictedDelete,
    })),
    compactLayoutable: object.kind === 'object',
    defaultImplementation: null,
    extendedBy: null,
    extendsInterfaces: null,
    fields: object.fields.flatMap((field) => {
      const editable = editableBy(rights, object, field);
      return editable === null ? [] : [describeField(schema, field, editable)];
    }),
    implementedBy: null,
    implementsInterfaces: null,
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    networkScopeFieldName: null,
    recordTypeInfos: [
      {
        active: true,
        available: true,
        defaultRecordTypeMapping: true,
        developerName: 'Master',
        master: true,
        name: 'Master',
        recordTypeId: '012000000000000AAA',
        urls: { layout: `${base}/sobjects/${object.name}/describe/layouts/012000000000000AAA` },
      },
    ],
    searchLayoutable: object.kind === 'object',
    sobjectDescribeOption: 'FULL',
    supportedScopes: [
      { label: `All ${object.labelPlural}`, name: 'everything' },
      { label: `My ${object.labelPlural}`, name: 'mine' },
    ],
  };
}

/** Whether whoever asks may write the column; `null`: may not even see it. */
function editableBy(rights: Rights | null, object: ObjectSchema, field: FieldSchema): boolean | null {
  if (rights === null || object.kind !== 'object' || !field.custom || field.required || field.masterDetail) return true;
  return rights.fields.get(`${object.name}.${field.name}`) ?? null;
}

const SOAP_TYPE = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  string: 'xsd:string',
  email: 'xsd:string',
  phone: 'xsd:string',
  url: 'xsd:string',
  textarea: 'xsd:string',
  picklist: 'xsd:string',
} as const satisfies Record<FieldType, string>;

const NUMBERS: readonly FieldType[] = ['double', 'currency', 'percent'];

function describeField(schema: Schema, field: FieldSchema, editable: boolean) {
  const filterable = !field.longText;
  const nillable = !field.required && field.type !== 'boolean' && field.type !== 'id';
  const target = field.referenceTo.map((name) => schema.byName.get(name.toLowerCase()));
  return {
    aggregatable: filterable && field.type !== 'boolean',
    aiPredictionField: false,
    autoNumber: field.autoNumber !== null,
    byteLength: field.length * 3,
    calculated: field.calculated,
    calculatedFormula: field.formula,
    cascadeDelete: field.masterDetail,
    caseSensitive: field.caseSensitive,
    compoundFieldName: null,
    controllerName: null,
    createable: field.createable && editable,
    custom: field.custom,
    defaultValue: field.defaultValue,
    defaultValueFormula: null,
    defaultedOnCreate: field.defaultValue !== null || field.name === 'OwnerId' || field.autoNumber !== null,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.type === 'int' ? field.precision : 0,
    displayLocationInDecimal: false,
    encrypted: false,
    externalId: field.externalId,
    extraTypeInfo: field.html ? 'richtextarea' : field.longText ? 'plaintextarea' : null,
    filterable,
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: filterable && !NUMBERS.includes(field.type) && field.type !== 'datetime',
    highScaleNumber: false,
    htmlFormatted: field.html,
    idLookup: field.idLookup,
    inlineHelpText: field.helpText,
    label: field.label,
    length: field.length,
    mask: null,
    maskType: null,
    name: field.name,
    nameField: field.nameField,
    namePointing: field.referenceTo.length > 1,
    nillable,
    permissionable: field.custom && !field.required,
    picklistValues: field.picklist.map((choice) => ({
      active: choice.active,
      defaultValue: choice.isDefault,
      label: choice.label,
      validFor: null,
      value: choice.value,
    })),
    polymorphicForeignKey: field.referenceTo.length > 1,
    precision: NUMBERS.includes(field.type) ? field.precision : 0,
    queryByDistance: false,
    referenceTargetField: null,
    referenceTo: target.flatMap((object) => (object === undefined ? [] : [object.name])),
    relationshipName: field.relationshipName,
    relationshipOrder: field.masterDetail ? 0 : null,
    restrictedDelete: field.onParentDelete === 'Restrict',
    restrictedPicklist: field.restricted,
    scale: field.scale,
    searchPrefilterable: field.type === 'reference',
    soapType: SOAP_TYPE[field.type],
    sortable: filterable,
    type: field.type,
    unique: field.unique,
    updateable: field.updateable && editable,
    writeRequiresMasterRead: false,
  };
}
