// Converts an SFDX project to the layout of the Metadata API, and a package of that layout back to source.
import { ComponentSet, MetadataConverter, MetadataResolver } from "@salesforce/source-deploy-retrieve";

const [, , project, zipLayout, toMetadata, toSource] = process.argv;

async function convert(from, format, outputDirectory) {
  const found = ComponentSet.fromSource(from);
  const options = { type: "directory", outputDirectory, genUniqueDir: false, packageName: "" };
  await new MetadataConverter().convert(found, format, options);
  return found.getSourceComponents().toArray();
}

const said = (components) => [...new Set(components.map((each) => `${each.type.name}:${each.fullName}`))].sort();
const fromProject = await convert(`${project}/force-app`, "metadata", toMetadata);
const fromZip = await convert(zipLayout, "source", toSource);
const unknown = new MetadataResolver().getComponentsFromPath(`${project}/force-app`).filter((each) => !each.type);
console.log(JSON.stringify({ project: said(fromProject), zip: said(fromZip), unknown: unknown.length }));
