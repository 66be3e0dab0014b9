/** Files that are imported for their path (`with { type: "file" }`). */
declare module "*/tare-monitor" {
  const path: string;
  export default path;
}
declare module "*/tare-resolver" {
  const path: string;
  export default path;
}
declare module "*/tare-init" {
  const path: string;
  export default path;
}
declare module "*/tare-console-size" {
  const path: string;
  export default path;
}
declare module "*/tare-relay" {
  const path: string;
  export default path;
}
