/**
 * A NestJS application, CommonJS as the Nest CLI makes them, that owns a work.
 *
 *   KAFKA_BOOTSTRAP=localhost:9092 TOPIC=orders PORT=3000 node dist/main.js
 */
import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { AppModule } from './app.module.js'
import { OrdersWork } from './orders.work.js'

async function main(): Promise<void> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
  // SIGTERM and SIGINT call the providers' hooks, and so drain the work; then the process ends with 0 and not by the signal.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true })
  await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
  try {
    await app.get(OrdersWork).ended
  } catch {
    // Without its work the application is none: whoever started it shall start it again.
    process.exitCode = 1
    await app.close()
  }
}

void main()
