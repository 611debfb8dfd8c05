import { existsSync } from "node:fs";

const chromiums = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** The Vulkan driver that tests of webgpu in Node run on: VK_DRIVER_FILES, else the software one of Debian's Chromium. */
export const vulkanDriver: string | undefined = hasLoader()
  ? process.env.VK_DRIVER_FILES || (existsSync(chromiums) ? chromiums : undefined)
  : undefined;

if (!vulkanDriver)
  console.log(
    "No Vulkan loader or driver (Debian: libvulkan1, chromium): webgpu in Node is not tested",
  );

function hasLoader(): boolean {
  try {
    process.dlopen({ exports: {} }, "libvulkan.so.1");
    return true;
  } catch (error) {
    return String(error).includes("did not self-register");
  }
}
