import { Module } from '@nestjs/common'
import { HealthController } from './health.controller.js'
import { OrdersWork } from './orders.work.js'

@Module({ controllers: [HealthController], providers: [OrdersWork] })
export class AppModule {}
