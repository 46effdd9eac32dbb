import { Controller, Get, ServiceUnavailableException } from '@nestjs/common'
import type { Verdict } from '@zk/runtime'
import { OrdersWork } from './orders.work.js'

@Controller()
export class HealthController {
  readonly #orders: OrdersWork

  constructor(orders: OrdersWork) {
    this.#orders = orders
  }

  @Get('livez')
  live(): Verdict {
    return orElse503(this.#orders.live)
  }

  @Get('readyz')
  ready(): Verdict {
    return orElse503(this.#orders.ready)
  }
}

function orElse503(verdict: Verdict): Verdict {
  if (!verdict.ok) throw new ServiceUnavailableException(verdict)
  return verdict
}
