// A pool of threads that stay: a job begins within microseconds, and its parts have a fixed owner.
#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

constexpr int SPINS_BEFORE_SLEEP = 20000;  // about 0.3 ms: longer than Python takes between two jobs of a step
constexpr int SPINS_BEFORE_YIELD = 2000;   // where other programs compute, waiting must not take their cores

static inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

// Lets all threads of a job meet.
class Barrier {
   public:
    explicit Barrier(int threads) : threads(threads) {}
    void wait() {
        const int phase = phases.load(std::memory_order_acquire);
        if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            arrived.store(0, std::memory_order_relaxed);
            phases.store(phase + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; phases.load(std::memory_order_acquire) == phase; spins++)
            spins < SPINS_BEFORE_YIELD ? pause_briefly() : std::this_thread::yield();
    }

   private:
    const int threads;
    std::atomic<int> arrived{0}, phases{0};
};

class Pool {
   public:
    // Runs job(thread) for thread = 0 … threads - 1, the first of them in the calling thread.
    static void run(int threads, const std::function<void(int)>& job) {
        if (threads <= 1) return job(0);
        static std::mutex one_at_a_time;
        std::lock_guard<std::mutex> guard(one_at_a_time);
        static Pool* pool = nullptr;
        if (pool == nullptr || pool->process != getpid()) pool = new Pool;  // threads do not survive a fork
        pool->dispatch(threads, job);
    }

   private:
    const pid_t process = getpid();
    std::mutex mutex;
    std::condition_variable wake;
    std::atomic<uint64_t> jobs{0};
    std::atomic<int> unfinished{0};
    const std::function<void(int)>* job = nullptr;
    int threads_of_job = 0, workers = 0;

    void dispatch(int threads, const std::function<void(int)>& next) {
        for (; workers < threads - 1; workers++)
            std::thread([this, number = workers + 1, seen = jobs.load()] { work(number, seen); }).detach();
        unfinished.store(workers, std::memory_order_relaxed);
        {
            std::lock_guard<std::mutex> guard(mutex);
            job = &next;
            threads_of_job = threads;
            jobs.fetch_add(1, std::memory_order_release);
        }
        wake.notify_all();
        next(0);
        for (int spins = 0; unfinished.load(std::memory_order_acquire); spins++)
            spins < SPINS_BEFORE_YIELD ? pause_briefly() : std::this_thread::yield();
    }

    void work(int number, uint64_t seen) {
        for (;; seen++) {
            for (int spins = 0; spins < SPINS_BEFORE_SLEEP && jobs.load(std::memory_order_acquire) == seen; spins++)
                pause_briefly();
            if (jobs.load(std::memory_order_acquire) == seen) {
                std::unique_lock<std::mutex> guard(mutex);
                wake.wait(guard, [&] { return jobs.load(std::memory_order_acquire) != seen; });
            }
            if (number < threads_of_job) (*job)(number);
            unfinished.fetch_sub(1, std::memory_order_acq_rel);
        }
    }
};

// The part [first, last) of `count` things that a thread owns.
struct Part {
    int64_t first, last;
    Part(int64_t count, int thread, int threads) : first(count * thread / threads), last(count * (thread + 1) / threads) {}
};
