// Operations of our own in tfjs's registry.

import {
  type GradConfig,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
} from "@tensorflow/tfjs-core";

/** An operation: its kernels, forwards and back, and what asks for the second. */
export interface OwnKernels {
  readonly kernels: readonly KernelConfig[];
  readonly gradient: GradConfig;
}

/** Registers what is not there yet. */
export function registerOwnKernels({ kernels, gradient }: OwnKernels): void {
  for (const kernel of kernels) registerOnce(kernel);
  if (!getGradient(gradient.kernelName)) registerGradient(gradient);
}

/** Registers a kernel that is not there yet. */
export function registerOnce(kernel: KernelConfig): void {
  if (!getKernel(kernel.kernelName, kernel.backendName)) registerKernel(kernel);
}
