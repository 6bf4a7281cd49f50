/** YAML, in a module of its own: it is loaded where there is some to read. */
export { parse as parseYaml, parseDocument as parseYamlDocument } from "yaml";
